//! Tests of XML.

use super::split::{Piece, cut, pieces};
use crate::formats::testing::{prepare, read, read_with, sample};
use crate::formats::{FormatSpec, Sample, format, recognise};

const EVENTS: &str = "<?xml version=\"1.0\"?>\n<!-- <Event>no</Event> -->\n\
    <Events xmlns=\"http://schemas.example.com/events\">\n\
    <Event><System><Provider Name='Audit' Guid='{5}'/><EventID>4625</EventID><TimeCreated SystemTime='2024-03-01T10:00:00.5Z'/></System>\n\
    <EventData><Data Name='user'>bob &amp; co &#x41;</Data><Data Name='code'>007</Data></EventData></Event>\n\
    <Event><System><Provider Name='Audit' Guid='{5}'/><EventID>4624</EventID><TimeCreated SystemTime='2024-03-01T10:00:01Z'/></System>\n\
    <EventData><Data Name='user'><![CDATA[<Event>]]></Data></EventData></Event>\n\
    <Event><System></Event>\n\
    </Events>\n";

fn of(record: &str) -> FormatSpec {
    FormatSpec::new("xml").with("record", record)
}

#[test]
fn references_that_stay_are_told() {
    let told = |text: &str| {
        super::open_references(&of("r"), &Sample::whole("a.xml", text)).map(|told| (told.code, told.message))
    };
    let open = "<!DOCTYPE a [<!ENTITY x 'secret'>]><a><r>&x;</r><r>&lt;&#65;</r></a>";
    let message = "references to what the document declares stay as they are written, such as `&x;`";
    assert_eq!(told(open), Some(("PW1132".into(), message.into())));
    assert_eq!(told("<a><r>&lt;&amp;&#65; a & b; c</r></a>"), None);
}

#[test]
fn each_event_is_a_row() {
    let found = recognise(&Sample::whole("events.xml", EVENTS));
    assert_eq!(found.iter().map(|found| found.format.name.as_str()).next(), Some("lines"), "an element is broken");
    let whole = EVENTS.replace("<Event><System></Event>\n", "");
    let found = recognise(&Sample::whole("events.xml", &whole));
    assert_eq!((&found[0].format, found[0].score), (&of("Event"), 96), "{found:?}");
    let reading = read(&of("Event"), EVENTS);
    assert_eq!(
        reading.columns(),
        [
            "System.Provider.Name String",
            "System.Provider.Guid String",
            "System.EventID Int",
            "System.TimeCreated.SystemTime Timestamp",
            "EventData.user String",
            "EventData.code String"
        ]
    );
    assert_eq!(
        reading.json(),
        [
            r#"["Audit","{5}",4625,"2024-03-01T10:00:00.500Z","bob & co A","007"]"#,
            r#"["Audit","{5}",4624,"2024-03-01T10:00:01Z","<Event>",null]"#
        ]
    );
    let starts: Vec<u64> = EVENTS.match_indices("<Event><System><Provider").map(|(at, _)| at as u64).collect();
    assert_eq!(reading.places, [(4, starts[0]), (6, starts[1])]);
    let aside = &reading.quarantined[0];
    assert_eq!((aside.0, aside.1.as_str()), (8, "the element is not well-formed"));
    // Before the first, and behind the last; line ends between.
    assert_eq!((reading.tally.read, reading.tally.meta, reading.tally.blank), (7, 2, 2));
    let parser = prepare(&of("Event"), None, EVENTS);
    for size in [1, 60, 300] {
        let parts = crate::formats::testing::pieces(parser.as_ref(), EVENTS, size);
        let again = read_with(parser.as_ref(), &parts);
        assert_eq!((again.rows, again.tally), (reading.rows.clone(), reading.tally.clone()), "{parts:?}");
    }
}

#[test]
fn the_elements_that_are_rows_are_found() {
    let record = |text: &str| {
        let found = recognise(&Sample::whole("a", text)).into_iter().find(|found| found.format.name == "xml");
        found.and_then(|found| found.format.option("record").map(str::to_owned)).unwrap_or_default()
    };
    for (text, expected) in [
        ("<a><b/><b/></a>", "b"),
        ("<a x='1'/>\n<a x='2'/>\n", "a"),
        ("<a><b>1</b></a>", "a"),
        ("<rss><channel><title>t</title><item><x>1</x></item><item><x>2</x></item></channel></rss>", "item"),
        ("<s><server><id>1</id></server><w><x>long enough</x></w><p/><p/></s>", "s"),
        ("<testsuites><testsuite name='a'><testcase name='t'/></testsuite></testsuites>", "testcase"),
        ("<html><body><p/><p/></body></html>", ""),
        ("<34>Oct 11 22:14:15 host app: text\n", ""),
        ("<![LOG[text]LOG]!><time=\"10:00\">\n", ""),
        ("<a><b></a>", ""),
        ("text <a/>", ""),
    ] {
        assert_eq!(record(text), expected, "{text}");
    }
    for (file, expected) in
        [("cd_catalog.xml", "CD"), ("monit_status.xml", "monit"), ("nvidia_smi_gtx-1070-ti.xml", "gpu")]
    {
        let Some(path) = sample(&format!("xml/{file}")) else { return };
        assert_eq!(record(&std::fs::read_to_string(path).unwrap()), expected, "{file}");
    }
}

#[test]
fn records_in_records_and_repeated_elements() {
    let text = "<i n='1'><i n='2'>a</i><t>x</t><t k='v'>y</t>z</i><i n='3'/><i>4</i><i n='5'";
    let reading = read(&of("i"), text);
    assert_eq!(reading.columns(), ["n Int", "i String", "i.n Int", "i_2 String", "t List<String>"]);
    assert_eq!(
        reading.json(),
        [
            r#"[1,"z",2,"a",["x","{\"k\":\"v\",\"t\":\"y\"}"]]"#,
            "[3,null,null,null,null]",
            r#"[null,"4",null,null,null]"#
        ]
    );
    assert_eq!(reading.quarantined[0].1, "the element is not closed");
    assert_eq!(cut(text.as_bytes(), "i"), text.find("<i n='5'").unwrap());
    assert_eq!(pieces("x<b/>", "b").collect::<Vec<_>>(), [Piece::Between(0..1), Piece::Record(1..5)]);
}

#[test]
fn a_name_that_is_none_is_told() {
    let prepare = |name: &str| format("xml").unwrap().prepare(&of(name), None, &Sample::default()).err();
    assert_eq!(prepare("/a/b").unwrap().code, "PW1123");
    assert_eq!(prepare("1a").unwrap().code, "PW1123");
    assert!(prepare("ns:Event").is_none());
}

#[test]
fn elements_in_elements_without_end_are_no_fault_of_the_stack() {
    let text = format!("<r>{}{}</r>", "<a>".repeat(5000), "</a>".repeat(5000));
    let reading = read(&of("r"), &text);
    assert_eq!(reading.quarantined[0].1, "elements lie in each other too deeply");
}
