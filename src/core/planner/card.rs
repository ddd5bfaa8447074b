//! What the card of an answer tells besides its number: its definition in words, and what is not in it. The one place
//! for the designer, the command line and what is written to files. Imports the plan, questions and the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;

use super::questions::told::{CANNOT_BE_TOLD, moment, span_word};
use super::{AnswerShape, Asked, Catalogue, Headline, SourceEvidence};
use crate::data::figures::{number_text, with_unit};
use crate::data::{TableRows, Value};
use crate::ir::{LeftOut, LeftOutKind, NodeId, OWN_GROUP, Op, Plan};
use crate::project::{Project, Step};

/// One line of what is not in a number: how many, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotInIt {
    pub count: u64,
    pub text: String,
    /// It is what the question says, and nothing is lost by it: whoever looks at the number need not read it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub as_asked: bool,
}

/// Columns that are not understood for sure, by title of their source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unconfirmed {
    /// Those whose meaning is a guess, each with that meaning.
    pub meanings: BTreeMap<String, Vec<(String, String)>>,
    /// Those that hold dates of which day and month can be exchanged, each with one of them.
    pub dates: BTreeMap<String, Vec<(String, String)>>,
}

/// The lines: what was lost on the way, the most first; guesses that nobody has confirmed; then what is left out because
/// the question says so.
pub fn not_in_it(list: &[LeftOut], unconfirmed: &Unconfirmed) -> Vec<NotInIt> {
    let (asked, lost) = asked_and_lost(list);
    let line = |as_asked: bool| move |one: &LeftOut| NotInIt { count: one.count, text: one.text.clone(), as_asked };
    let of_columns = |columns: &[(String, String)], what: &str, rest: &str, as_what: &str| {
        let s = if columns.len() == 1 { "" } else { "s" };
        let named = columns.iter().map(|(column, told)| format!("`{column}` {as_what} {told}"));
        let text = format!("{what}{s} {rest}: {}", named.collect::<Vec<_>>().join(", "));
        NotInIt { count: columns.len() as u64, text, as_asked: false }
    };
    let dates = unconfirmed.dates.iter().map(|(source, columns)| {
        let rest = format!("in “{source}”, text since day and month can be exchanged");
        of_columns(columns, "date column", &rest, "such as")
    });
    let guessed = unconfirmed.meanings.iter().map(|(source, columns)| {
        let rest = format!("in “{source}” that nobody has confirmed");
        of_columns(columns, "meaning", &rest, "as")
    });
    lost.into_iter().map(line(false)).chain(dates).chain(guessed).chain(asked.into_iter().map(line(true))).collect()
}

/// What is left out because the question says so, and what is lost, the greatest part first.
fn asked_and_lost(list: &[LeftOut]) -> (Vec<&LeftOut>, Vec<&LeftOut>) {
    let is_as_asked = |one: &&LeftOut| match one.kind {
        LeftOutKind::Filtered | LeftOutKind::Limited | LeftOutKind::Unused | LeftOutKind::Finer => true,
        LeftOutKind::Unread | LeftOutKind::Rejected | LeftOutKind::Missing | LeftOutKind::Unfit => false,
        LeftOutKind::Changed | LeftOutKind::Duplicates => false,
        LeftOutKind::Unmatched | LeftOutKind::Multiplied | LeftOutKind::Empty => false,
    };
    let (asked, mut lost): (Vec<&LeftOut>, Vec<&LeftOut>) = list.iter().partition(is_as_asked);
    // Lines of a source have no number of all of them: they are held against the most rows that are told of.
    let most = most_rows(list).max(1.0);
    let share = |one: &LeftOut| one.count as f64 / of_rows(one).unwrap_or(most).max(1.0);
    lost.sort_by(|one, other| share(other).total_cmp(&share(one)));
    (asked, lost)
}

/// The most rows that a line tells of.
fn most_rows(list: &[LeftOut]) -> f64 {
    list.iter().filter_map(of_rows).fold(0.0, f64::max)
}

/// Of how many rows a line tells: `of 1,262 rows …`.
fn of_rows(one: &LeftOut) -> Option<f64> {
    let number = one.text.strip_prefix("of ")?.split(' ').next()?;
    number.replace(',', "").parse().ok()
}

/// The steps that a step is made by, from the sources on.
pub fn steps_before<'a>(project: &'a Project, step: &'a str) -> Vec<&'a Step> {
    let mut before: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for wire in project.wires.values() {
        before.entry(&wire.to).or_default().push(&wire.from);
    }
    let (mut open, mut seen) = (vec![step], BTreeSet::new());
    while let Some(id) = open.pop() {
        for from in before.get(id).into_iter().flatten() {
            if seen.insert(*from) {
                open.push(from);
            }
        }
    }
    let mut found: Vec<&Step> = seen.iter().filter_map(|id| project.steps.get(*id)).collect();
    found.sort_by_key(|step| (step.x, step.y));
    found
}

/// Columns that these steps use and that are not understood for sure.
pub fn unconfirmed(catalogue: &Catalogue, steps: &[&Step]) -> Unconfirmed {
    let mut found = Unconfirmed::default();
    let used: String = steps.iter().map(|step| Json::from(step.settings.clone()).to_string()).collect();
    let words: BTreeSet<&str> = used.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).collect();
    for step in steps {
        let Some(source) = step.settings.get("source").and_then(Json::as_str) else { continue };
        let Some(number) = catalogue.source_number(source) else { continue };
        let own = &catalogue.sources[number];
        let guesses = catalogue.meanings[number].columns.iter().filter_map(|column| {
            let meaning = column.accepted().filter(|meaning| meaning.score < 100)?;
            Some((column.column.clone(), catalogue.vocabulary.title(&meaning.concept).to_owned()))
        });
        let dates = own.columns.iter().filter_map(|column| Some((column.name.clone(), column.exchangeable.clone()?)));
        for (into, columns) in [(&mut found.meanings, guesses.collect::<Vec<_>>()), (&mut found.dates, dates.collect())]
        {
            let used: Vec<_> = columns.into_iter().filter(|(column, _)| words.contains(column.as_str())).collect();
            if !used.is_empty() {
                into.insert(own.title.clone(), used);
            }
        }
    }
    found
}

/// What an Answer step says, in the words of its design or else of its question, with the values of the parameters.
pub fn definition_of(step: &Step, asked: Option<&Asked>, values: &BTreeMap<String, Value>) -> String {
    let own = step.settings.get("definition").and_then(Json::as_str).unwrap_or_default();
    let text = if own.is_empty() { asked.map(Asked::definition).unwrap_or_default() } else { own.to_owned() };
    with_values(&text, values)
}

fn seconds(micros: i64) -> String {
    with_unit(micros as f64 / 1e6, "s")
}

/// The sentence of an answer whose data are shorter than one of the hours or days that it tells. What stands for whole
/// days, or whether a goal is met, cannot be told of them.
pub fn in_short_time(headline: Headline, shape: &AnswerShape, range: Option<(i64, i64)>) -> Headline {
    let length = range.map(|(first, last)| last.saturating_sub(first));
    let Some(length) = length.filter(|length| shape.grain.is_some_and(|grain| *length < grain)) else {
        return headline;
    };
    let data = seconds(length);
    if shape.hours.is_none() && shape.goal.is_none() {
        let sentence = format!("{}, in data of {data}", headline.sentence);
        return Headline { sentence, ..headline };
    }
    let what = format!("the data cover {data}, less than a day");
    let sentence = format!("{CANNOT_BE_TOLD}: {what}");
    Headline { number: CANNOT_BE_TOLD.to_owned(), what, place: String::new(), sentence }
}

/// A sentence that there is nothing, where what it looks for may be among what was lost on the way: it says so. Where
/// more could not be read than could, nothing can be told. `list`: what is left out.
pub fn in_doubt(headline: Headline, list: impl FnOnce() -> Vec<LeftOut>) -> Headline {
    let list = if headline.is_absence() { list() } else { Vec::new() };
    let may_hold_it = |one: &&LeftOut| match one.kind {
        LeftOutKind::Unread | LeftOutKind::Rejected | LeftOutKind::Missing | LeftOutKind::Unfit => true,
        LeftOutKind::Empty => !one.text.contains(OWN_GROUP),
        LeftOutKind::Unmatched => true,
        LeftOutKind::Changed | LeftOutKind::Duplicates | LeftOutKind::Multiplied => false,
        LeftOutKind::Filtered | LeftOutKind::Limited | LeftOutKind::Unused | LeftOutKind::Finer => false,
    };
    let Some(lost) = asked_and_lost(&list).1.into_iter().find(may_hold_it) else { return headline };
    // How many stands in the list below.
    let told = lost.text.split(": ").next().unwrap_or_default().replace('`', "");
    let told = of_rows(lost).and_then(|_| told.splitn(3, ' ').nth(2)).unwrap_or(&told);
    if lost.kind == LeftOutKind::Unread && lost.count as f64 > most_rows(&list) {
        let what = format!("most {told}");
        let sentence = format!("{CANNOT_BE_TOLD}: {what}");
        return Headline { number: CANNOT_BE_TOLD.to_owned(), what, place: String::new(), sentence };
    }
    const DOUBT: &str = "as far as can be told";
    let what = [headline.what.as_str(), DOUBT].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let some = if lost.count == 1 { "one" } else { "some" };
    let sentence = format!("{}, {DOUBT}: {some} {told}", headline.sentence);
    Headline { what: what.join(", "), sentence, ..headline }
}

/// What the time of the data has to do with an answer, in words: that it is less than one of the hours or days that are
/// told, or that what is first in it was so from the beginning. `None`: nothing, or the time is not known.
pub fn told_of_time(
    project: &Project,
    plan: &Plan,
    node: NodeId,
    catalogue: &Catalogue,
    shape: &AnswerShape,
    rows: &dyn TableRows,
) -> Option<String> {
    let source = source_of(project, plan, node, catalogue)?;
    let shape = &with_range(shape.clone(), project, plan, node, catalogue);
    let (first, last) = shape.range?;
    let length = last.saturating_sub(first);
    let mut told = Vec::new();
    if source.zoneless {
        told.push(format!("“{}” names no time zone: its times are taken as those of UTC.", source.title));
    }
    if let Some(grain) = shape.grain.filter(|grain| length < *grain) {
        let span = span_word(grain).unwrap_or("month");
        let one = if span.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "one " };
        told.push(format!(
            "The data are of {} only, from {} to {}: less than {one}{span}.",
            seconds(length),
            moment(first, None),
            moment(last, None)
        ));
    } else if let [false, _] | [_, false] = shape.ends_are_whole(rows) {
        let span = shape.grain.and_then(span_word).unwrap_or("month");
        let what = match shape.ends_are_whole(rows) {
            [false, false] => format!("The first and the last {span} are"),
            [false, true] => format!("The first {span} is"),
            [_, _] => format!("The last {span} is"),
        };
        told.push(format!("{what} not whole: the data go from {} to {}.", moment(first, None), moment(last, None)));
    }
    /// Nobody sees what a minute is after the beginning as the beginning of a failure.
    const AT_ONCE: i64 = 60_000_000;
    let after = shape.first_time(rows).map(|at| at.saturating_sub(first));
    if let Some(after) = after.filter(|after| (0..=AT_ONCE).contains(after)) {
        let begin = moment(first, None);
        let so = if after == 0 { "with it".to_owned() } else { format!("{} before it", seconds(after)) };
        told.push(format!("The data begin {so}, {begin}: it may have been so earlier."));
    }
    (!told.is_empty()).then(|| told.join(" "))
}

/// The first and the last time in the source whose rows an answer counts, where all of it was looked at.
pub fn range_of(project: &Project, plan: &Plan, node: NodeId, catalogue: &Catalogue) -> Option<(i64, i64)> {
    let source = source_of(project, plan, node, catalogue)?;
    let number = catalogue.source_number(&source.source)?;
    if source.planned || source.bytes_read < source.bytes {
        return None;
    }
    let is_time = |concept: &str| matches!(concept, "timestamp" | "deployment.time");
    let columns = source.columns.iter().zip(&catalogue.meanings[number].columns);
    let times = columns.filter_map(|(column, meaning)| match (&column.min, &column.max, meaning.accepted()) {
        (Value::Timestamp(first), Value::Timestamp(last), Some(meaning)) if is_time(&meaning.concept) => {
            Some((meaning.concept != "timestamp", *first, *last))
        }
        _ => None,
    });
    times.min().map(|(_, first, last)| (first, last))
}

/// What an answer is about, with the time of its data.
pub fn with_range(
    shape: AnswerShape,
    project: &Project,
    plan: &Plan,
    node: NodeId,
    catalogue: &Catalogue,
) -> AnswerShape {
    let range = range_of(project, plan, node, catalogue);
    let rows = source_of(project, plan, node, catalogue).map_or(0, |source| source.rows);
    let length = range.map_or(0, |(first, last)| last.saturating_sub(first));
    AnswerShape { range, pace: length / i64::try_from(rows).unwrap_or(i64::MAX).max(1), ..shape }
}

/// The source whose rows an answer counts.
fn source_of<'a>(project: &Project, plan: &Plan, node: NodeId, catalogue: &'a Catalogue) -> Option<&'a SourceEvidence> {
    let mut at = node;
    while !matches!(plan.node(at).op, Op::Read(_)) {
        at = *plan.node(at).inputs.first()?;
    }
    let reader = project.steps.get(&plan.node(at).origin.step)?;
    let number = catalogue.source_number(reader.settings.get("source")?.as_str()?)?;
    catalogue.sources.get(number)
}

/// A text with the values of parameters in their places. Secrets are not among the values.
pub fn with_values(text: &str, values: &BTreeMap<String, Value>) -> String {
    values.iter().fold(text.to_owned(), |told, (name, value)| {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Float(number) => number_text(*number),
            Value::Int(number) => number.to_string(),
            other => other.to_json().to_string(),
        };
        told.replace(&format!("${{{name}}}"), &shown)
    })
}

/// The question that an Answer step answers.
pub fn asked_by(project: &Project, step: &Step) -> Option<Asked> {
    let id = step.settings.get("question")?.as_str()?;
    Asked::own(project.questions.get(id)?)?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::span_in_words;

    #[test]
    fn texts_have_the_values_of_parameters() {
        let values = BTreeMap::from([
            ("slow_after".to_owned(), Value::Float(3.0)),
            ("share".to_owned(), Value::Float(0.1 + 0.2)),
            ("data".to_owned(), Value::String("samples".to_owned())),
        ]);
        let text = "longer than ${slow_after} s in ${data}, above ${share}, ${unknown}";
        assert_eq!(with_values(text, &values), "longer than 3 s in samples, above 0.3, ${unknown}");
    }

    #[test]
    fn a_log_without_a_zone_is_known_by_its_lines() {
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let spark = lines(&["17/06/09 20:10:40 INFO executor: Registered signal handlers", "at org.example.Main"]);
        assert!(crate::planner::names_no_zone(&spark));
        for line in ["[10/Oct/2000:13:55:36 -0700] GET /", "2026-03-02T10:00:01.5Z info", "10:00:01 UTC up", "no time"]
        {
            assert!(!crate::planner::names_no_zone(&lines(&[line])), "{line}");
        }
    }

    #[test]
    fn the_span_of_the_data_is_told_and_what_is_too_short_is_not() {
        let at = |text: &str| crate::data::instants::parse_timestamp(text).unwrap();
        let span = |from: &str, to: &str| span_in_words((at(from), at(to)));
        assert_eq!(span("2026-03-02T00:02:11Z", "2026-03-05T23:58:00Z"), "2–5 March 2026");
        assert_eq!(span("2026-02-27", "2026-03-05"), "27 February – 5 March 2026");
        assert_eq!(span("2017-06-09T20:10:00Z", "2017-06-09T20:11:00Z"), "9 June 2017, 20:10–20:11 UTC");
        let told = Headline { number: "250".into(), sentence: "250 requests a day".into(), ..Headline::default() };
        let mut shape = AnswerShape {
            about: crate::planner::About::Rows { row: "row".into(), most: None },
            time: None,
            names: Vec::new(),
            keys: Vec::new(),
            chart: None,
            first: None,
            groups: Default::default(),
            goal: None,
            none: String::new(),
            grain: Some(86_400_000_000),
            hours: Some("hour_of_day".into()),
            kept: None,
            range: None,
            pace: 0,
        };
        let minute = Some((0, 76_000_000));
        let short = in_short_time(told.clone(), &shape, minute);
        assert_eq!(short.sentence, "cannot be told: the data cover 76 s, less than a day");
        shape.hours = None;
        assert_eq!(in_short_time(told.clone(), &shape, minute).sentence, "250 requests a day, in data of 76 s");
        assert_eq!(in_short_time(told.clone(), &shape, Some((0, 90_000_000_000))), told);
    }

    #[test]
    fn that_there_is_nothing_is_told_with_what_may_hold_it() {
        let of = |kind, count: u64, text: &str| LeftOut {
            step: "s".into(),
            title: "S".into(),
            kind,
            count,
            text: text.into(),
        };
        let asked = of(LeftOutKind::Filtered, 900, "of 900 rows are not among “Errors”");
        let unread = |count| of(LeftOutKind::Unread, count, "lines of “app” could not be read");
        let headline = |number: &str, sentence: &str| Headline {
            number: number.into(),
            sentence: sentence.into(),
            ..Headline::default()
        };
        let told = |headline: &Headline, list: Vec<LeftOut>| in_doubt(headline.clone(), || list).sentence;
        let none = headline("none", "no errors");
        assert_eq!(told(&none, vec![asked.clone()]), "no errors");
        assert_eq!(
            told(&none, vec![asked.clone(), unread(12)]),
            "no errors, as far as can be told: some lines of “app” could not be read"
        );
        let empty = of(LeftOutKind::Empty, 48, "of 262 rows have no `sid`: not in `users` (“Per hour”)");
        assert_eq!(
            told(&headline("0 %", "0 % of users were affected on all days"), vec![asked.clone(), empty]),
            "0 % of users were affected on all days, as far as can be told: some rows have no sid"
        );
        let unfit = of(LeftOutKind::Unfit, 55, "values of “metrics” could not be read: `value`");
        assert_eq!(
            told(&none, vec![asked.clone(), unfit]),
            "no errors, as far as can be told: some values of “metrics” could not be read"
        );
        // Of what could mostly not be read nobody can say anything.
        assert_eq!(
            told(&none, vec![asked.clone(), unread(901)]),
            "cannot be told: most lines of “app” could not be read"
        );
        let apart = of(LeftOutKind::Empty, 48, "of 262 rows have no `upstream`: a group of their own in “Per hour”");
        assert_eq!(told(&none, vec![apart]), "no errors", "they are in it");
        // Values that are a little other than they were, repeated rows and the like hide nothing.
        let harmless = of(LeftOutKind::Changed, 3, "values changed in “app”");
        assert_eq!(told(&none, vec![harmless]), "no errors");
        assert_eq!(told(&headline("21", "21 users"), vec![unread(12)]), "21 users");
        let missed =
            Headline { what: "2 of 4 days meet 99.5 %".into(), ..headline("no", "no: 2 of 4 days meet 99.5 %") };
        assert!(!missed.is_absence() && headline("no", "no: no version is above the one before it").is_absence());
    }

    #[test]
    fn what_was_lost_stands_before_what_was_not_asked_about() {
        let one = |kind, text: &str| LeftOut { step: "s".into(), title: "S".into(), kind, count: 1, text: text.into() };
        let weighed = [
            one(LeftOutKind::Unread, "lines could not be read"),
            one(LeftOutKind::Empty, "of 2,000 rows have no `d`"),
            one(LeftOutKind::Unmatched, "of 8 rows have no match"),
        ];
        let told: Vec<String> = not_in_it(&weighed, &Unconfirmed::default()).into_iter().map(|one| one.text).collect();
        assert_eq!(told[0], "of 8 rows have no match", "one of eight is more than one of thousands");
        let list = [one(LeftOutKind::Filtered, "filtered"), one(LeftOutKind::Empty, "empty")];
        let of =
            |column: &str, told: &str| BTreeMap::from([("log".to_owned(), vec![(column.to_owned(), told.to_owned())])]);
        let guesses = Unconfirmed { meanings: of("time", "Time"), dates: of("due", "03/04/2026") };
        let told = not_in_it(&list, &guesses);
        assert_eq!(told.iter().map(|one| one.as_asked).collect::<Vec<_>>(), [false, false, false, true]);
        let told: Vec<String> = told.into_iter().map(|one| one.text).collect();
        assert_eq!((told[0].as_str(), told[3].as_str()), ("empty", "filtered"));
        assert_eq!(
            told[1],
            "date column in “log”, text since day and month can be exchanged: `due` such as 03/04/2026"
        );
        assert!(told[2].starts_with("meaning in “log”"));
    }
}
