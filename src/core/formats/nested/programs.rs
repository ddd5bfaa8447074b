//! The formats of texts by the programs that write them: which there are, and how the option names them.
//! Must not import single formats.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{NOT_INSIDE, PAYLOAD, Part, recognise_inside};
use crate::diagnostic::Diagnostic;
use crate::formats::payload::{as_option, from_option};
use crate::formats::scan::trial;
use crate::formats::{FormatSpec, Recognition, Sample, formats};

/// Programs that are looked at, those with the most texts first.
const MOST: usize = 12;
/// The score from which a program's texts are read as what they seem to be: what does not fit stays text.
const SURE: u8 = 60;
/// The same of so few texts.
const FEW: (usize, u8) = (3, 90);
/// What stands beside a format's name in the option.
const APP: &str = "app";

/// The program of a syslog tag: `postfix` of `postfix/smtpd`, `kamailio` of `/usr/sbin/kamailio`.
pub fn program_of(app: &str) -> &str {
    match app.strip_prefix('/') {
        Some(path) => path.rsplit('/').next().unwrap_or(path),
        None => app.split('/').next().unwrap_or(app),
    }
}

/// The formats of programs' texts. `inside` gives those of one.
pub fn recognise(texts: &[(Option<String>, String)], inside: impl Fn(&str) -> Sample) -> Vec<(String, Recognition)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for program in texts.iter().filter_map(|(program, _)| program.as_deref()) {
        *counts.entry(program).or_default() += 1;
    }
    let mut programs: Vec<(&str, usize)> = counts.into_iter().collect();
    programs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let found = programs.into_iter().take(MOST).filter_map(|(program, count)| {
        let inside = inside(program);
        let sure = if count < FEW.0 { FEW.1 } else { SURE };
        Some((program.to_owned(), of_program(program, &inside).or_else(|| recognise_inside(&inside, sure))?))
    });
    found.collect()
}

/// The format that is known for a program, where it reads half of its texts.
fn of_program(program: &str, inside: &Sample) -> Option<Recognition> {
    let known = formats().iter().filter(|format| format.programs().contains(&program));
    known.filter(|format| !NOT_INSIDE.contains(&format.name())).find_map(|format| {
        let spec = FormatSpec::new(format.name());
        let tally = trial(&*format.prepare(&spec, None, inside).ok()?, inside).0;
        let all = tally.accepted + tally.quarantined;
        let reason = format!("{} of {all} texts of `{program}` are such lines", tally.accepted);
        (tally.accepted > 0 && tally.accepted * 2 >= all).then(|| Recognition {
            format: spec,
            score: SURE,
            reasons: vec![reason],
        })
    })
}

/// Formats as the option has them.
pub fn option_of(parts: &[Part]) -> String {
    if let [Part { program: None, format }] = parts {
        return as_option(format);
    }
    let entry = |part: &Part| {
        let mut entry = serde_json::to_value(&part.format).unwrap_or_default();
        if let (Json::Object(fields), Some(program)) = (&mut entry, &part.program) {
            fields.insert(APP.to_owned(), Json::from(program.clone()));
        }
        entry
    };
    Json::from(parts.iter().map(entry).collect::<Vec<_>>()).to_string()
}

/// The formats that the option names.
pub fn of_option(text: &str) -> Result<Vec<Part>, Diagnostic> {
    if !text.starts_with('[') {
        return Ok(vec![Part { program: None, format: from_option(text)? }]);
    }
    let wrong = |fault: String| {
        Diagnostic::error("PW1251", format!("the option `payload` is no list of formats: {fault}"))
            .field(PAYLOAD.name)
            .help("give `[{\"app\": …, \"name\": …, \"options\": {…}}]`: a program with the format of what it writes")
    };
    let list: Vec<BTreeMap<String, Json>> = serde_json::from_str(text).map_err(|fault| wrong(fault.to_string()))?;
    if list.is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    let part = |mut entry: BTreeMap<String, Json>| match entry.remove(APP) {
        Some(Json::String(program)) => {
            let format = serde_json::to_string(&entry).unwrap_or_default();
            Ok(Part { program: Some(program), format: from_option(&format)? })
        }
        _ => Err(wrong("an entry has no `app`".to_owned())),
    };
    list.into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format;
    use crate::formats::testing::{named_rows, pieces, prepare, read, read_with};

    const SYSLOG: &str = "Feb 17 10:00:01 web1 shop[811]: {\"level\":\"info\",\"msg\":\"a\",\"n\":12}\n\
        Feb 17 10:00:02 web1 sshd[1]: Accepted publickey for ann\n\
        Feb 17 10:00:02 web1 shop[811]: plain text here\n\
        Feb 17 10:00:03 web1 /usr/sbin/shop[811]: @cee: {\"level\":\"warn\",\"msg\":\"b\",\"n\":1204}\n\
        Feb 17 10:00:03 web1 cart/api[9]: n=x state=open took=1.5\n\
        Feb 17 10:00:03 web1 cart/db[9]: n=y state=shut took=2.5\n\
        Feb 17 10:00:03 web1 cart/db[9]: n=z state=shut took=3.5\n\
        Feb 17 10:00:03 web1 shop[811]: {\"level\":\"info\",\"msg\":\"c\",\"n\":3}\n\
        Feb 17 10:00:04 web1 sshd[1]: Failed password for bob\n";

    #[test]
    fn each_program_has_the_format_of_its_texts() {
        let found = crate::formats::recognise(&Sample::whole("syslog", SYSLOG));
        let option = found[0].format.option("payload").unwrap_or_default();
        assert!(option.contains("\"shop\"") && option.contains("\"cart\""), "{found:?}");
        assert!(!option.contains("sshd"), "{option}");
        let reading = read(&found[0].format, SYSLOG);
        let rows = named_rows(&reading);
        assert_eq!((&rows[0]["level"], &rows[0]["msg"], &rows[0]["n"]), (&"info".into(), &"a".into(), &"12".into()));
        assert_eq!((rows[0].get("message"), &rows[3]["msg"]), (None, &"b".into()));
        assert_eq!((&rows[2]["message"], rows[2].get("level")), (&"plain text here".into(), None));
        assert_eq!((&rows[1]["message"], &rows[1]["app"]), (&"Accepted publickey for ann".into(), &"sshd".into()));
        assert_eq!((&rows[4]["n"], &rows[4]["state"], &rows[5]["took"]), (&"x".into(), &"open".into(), &2.5.into()));
        let parser = prepare(&found[0].format, None, SYSLOG);
        assert_eq!(read_with(parser.as_ref(), &pieces(parser.as_ref(), SYSLOG, 60)).rows, reading.rows);
    }

    #[test]
    fn a_list_that_is_none_is_told() {
        let fault = |payload: &str| {
            let spec = FormatSpec::new("syslog_3164").with("payload", payload);
            let made = format("syslog_3164").unwrap().prepare(&spec, None, &Sample::default());
            made.err().map(|fault| fault.code.to_string())
        };
        assert_eq!(fault(r#"[{"name":"json_lines"}]"#).as_deref(), Some("PW1251"));
        assert_eq!(fault("[]").as_deref(), Some("PW1251"));
        assert_eq!(fault(r#"[{"app":"x","name":"no_such"}]"#).as_deref(), Some("PW1121"));
        assert_eq!(fault(r#"[{"app":"x","name":"json_lines","options":{}}]"#), None);
    }
}
