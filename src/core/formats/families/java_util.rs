//! Logs whose events have their level in a second line, as Java's own logging writes them.

use crate::formats::dates::Years;
use crate::formats::stamp::Stamp;
use crate::formats::template::{Table, TemplateFormat};

pub static JAVA_UTIL: TemplateFormat = TemplateFormat::new(Table {
    name: "java_util_logging",
    title: "java.util.logging",
    doc: "What Java's own logging writes without a configuration (docs.oracle.com, SimpleFormatter), as Tomcat, GlassFish and \
          Jenkins do: a line with time, class and method, and below it the level and the message, which may have further lines. \
          Months and levels are read in English, German, French, Spanish, Italian, Portuguese and Dutch; `level` is as it is \
          written.",
    weight: 98,
    variants: &[
        "{time:%B %d, %Y %I:%M:%S %p} {logger:word}{? {method:text}?}{?\r?}{?\n?}{level:=SEVERE|WARNING|INFORMATION|INFORMATIE|INFORMACIÓN|INFORMAÇÕES|INFORMAZIONI|INFOS|INFO|CONFIGURACIÓN|CONFIGURATION|CONFIG|FINEST|FINER|FINE|SCHWERWIEGEND|WARNUNG|KONFIGURATION|KONFIG|FEINER|FEIN|AM FEINSTEN|GRAVE|GRAVES|AVERTISSEMENT|ADVERTENCIA|AVVERTENZA|ADVERTÊNCIA|AVISO|ERNSTIG|WAARSCHUWING|PRÉCIS|PLUS PRÉCIS|LE PLUS PRÉCIS}: {message:rest}",
        "{time:%B %d, %Y, %I:%M:%S %p} {logger:word}{? {method:text}?}{?\r?}{?\n?}{level:text}: {message:rest}",
        "{time:%d %B %Y %H:%M:%S} {logger:word}{? {method:text}?}{?\r?}{?\n?}{level:text}: {message:rest}",
        "{time:%d.%m.%Y %H:%M:%S} {logger:class}{? {method:text}?}{?\r?}{?\n?}{level:text}: {message:rest}",
        "{time:%d-%b-%Y %H:%M:%S} {logger:class}{? {method:text}?}{?\r?}{?\n?}{level:text}: {message:rest}",
    ],
    nulls: &[],
    begins: Some(begins),
    examples: &[
        "Mar 01, 2024 10:00:00 AM org.example.Shop open\nINFO: the shop is open",
        "Nov. 01, 2024 10:00:00 PM org.example.Shop close\nWARNUNG: the shop closes\njava.lang.IllegalStateException: late\n\tat org.example.Shop.close(Shop.java:17)",
    ],
    ..Table::PLAIN
});

/// Whether a line begins with one of the times.
fn begins(line: &str) -> bool {
    const FORMATS: [&str; 5] = [
        "%B %d, %Y %I:%M:%S %p ",
        "%B %d, %Y, %I:%M:%S %p ",
        "%d %B %Y %H:%M:%S ",
        "%d.%m.%Y %H:%M:%S ",
        "%d-%b-%Y %H:%M:%S ",
    ];
    static STAMPS: std::sync::LazyLock<Vec<Stamp>> =
        std::sync::LazyLock::new(|| FORMATS.iter().filter_map(|format| Stamp::format(format)).collect());
    // Most lines begin as no time does.
    let is_likely = line.starts_with(|c: char| c.is_ascii_digit() || c.is_alphabetic());
    is_likely && STAMPS.iter().any(|stamp| stamp.prefix(line, Years::of(0)).is_some())
}

#[cfg(test)]
mod tests {
    use crate::formats::testing::{named_rows, pieces, prepare, read_with};
    use crate::formats::{FormatSpec, Sample, recognise};

    #[test]
    fn events_of_two_lines_are_read_in_the_languages_of_computers() {
        for (text, time, level) in [
            ("Nov 30, 2026 1:00:02 PM org.foo.Bar$1 run\nWARNING: x: y\n", "2026-11-30T13:00:02Z", "WARNING"),
            ("Nov 30, 2026, 1:00:02 AM org.foo.Bar run\nINFO: x: y\n", "2026-11-30T01:00:02Z", "INFO"),
            ("30.11.2026 13:00:02 org.foo.Bar run\nSCHWERWIEGEND: x: y\n", "2026-11-30T13:00:02Z", "SCHWERWIEGEND"),
            ("déc. 01, 2026 1:00:02 PM org.foo.Bar run\nINFOS: x: y\n", "2026-12-01T13:00:02Z", "INFOS"),
            ("1 déc. 2026 13:00:02 org.foo.Bar run\nGRAVE: x: y\n", "2026-12-01T13:00:02Z", "GRAVE"),
            ("ene. 02, 2026 1:00:02 p. m. org.foo.Bar run\nADVERTENCIA: x: y\n", "2026-01-02T13:00:02Z", "ADVERTENCIA"),
        ] {
            let found = recognise(&Sample::whole("catalina.out", text));
            assert_eq!(found[0].format.name, "java_util_logging", "{text}: {found:?}");
            let rows = named_rows(&read_with(prepare(&found[0].format, None, text).as_ref(), &[text]));
            assert_eq!((&rows[0]["time"], &rows[0]["level"]), (&time.into(), &level.into()), "{text}");
            assert_eq!(rows[0]["message"], "x: y", "{text}");
        }
    }

    #[test]
    fn traces_belong_to_their_event() {
        let text = "Nov 30, 2026 10:00:00 AM org.apache.catalina.core.StandardService startInternal\r\nINFO: Starting service [Catalina]\r\n\
                    Nov 30, 2026 10:00:01 AM org.foo.Bar <init>\r\nSEVERE: broken\r\njava.lang.IllegalStateException: late\r\n\tat org.foo.Bar.<init>(Bar.java:17)\r\n";
        let parser = prepare(&FormatSpec::new("java_util_logging"), None, text);
        let whole = read_with(parser.as_ref(), &[text]);
        let rows = named_rows(&whole);
        assert_eq!((rows.len(), whole.tally.joined), (2, 4));
        assert_eq!((&rows[1]["logger"], &rows[1]["method"]), (&"org.foo.Bar".into(), &"<init>".into()));
        assert_eq!(
            rows[1]["message"],
            "broken\r\njava.lang.IllegalStateException: late\r\n\tat org.foo.Bar.<init>(Bar.java:17)"
        );
        for size in 1..text.len() {
            let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
            assert_eq!((reading.json(), reading.tally), (whole.json(), whole.tally.clone()), "{size}");
        }
    }
}
