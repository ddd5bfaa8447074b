//! The sentence of an answer that is about a measure: the whole before its parts, the most, the least, a share, what is
//! above the one before it, or whether a goal is met. Imports the answer's shape.

use std::collections::BTreeSet;

use super::Goal;
use super::answer::{AnswerShape, MeasureShape, Unit};
use super::cells::{Cell, FEW, cells, is_common, share_of_all};
use super::headline::{Headline, NO};
use super::sentence::plural;
use super::told::{
    CANNOT_BE_TOLD, MOST_ROWS, is_numbered, moment, number, one_span, percent_text, position, share_text, shown,
    singular, span_in_words, span_words, words,
};
use super::whole::of_all;
use crate::data::figures::{MONEY, counted, grouped, number_text, percent_of, with_unit};
use crate::data::{TableRows, Value};

/// Ends the name of a measure that is an average over days.
const A_DAY: &str = " a day";

/// The row that is told, in words.
struct Told {
    cell: Cell,
    /// It is zero, and everything else with it.
    is_nothing: bool,
    /// `checkout`, `“/search”`; empty: it has none.
    name: String,
    /// `3 March 2026, 14:00–15:00 UTC`; empty: none.
    when: String,
    /// ` (1 other as high)`.
    equals: String,
    /// Most of the others are as high.
    is_common: bool,
    /// Which rows were not looked at, because they are of few: ` of at least 20 requests`.
    rule: String,
}

impl Told {
    /// What it is about, and when.
    fn place(&self) -> String {
        let parts = [&self.name, &self.when].into_iter().filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// `checkout: `, or nothing.
    fn before(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) }
    }

    /// `: 3 March 2026 (1 other as high)`.
    fn after(&self) -> String {
        let place = self.place();
        if place.is_empty() { self.equals.clone() } else { format!(": {place}{}", self.equals) }
    }

    /// The same where the name is told already.
    fn later(&self) -> String {
        if self.when.is_empty() { self.equals.clone() } else { format!(", {}{}", self.when, self.equals) }
    }
}

impl AnswerShape {
    pub(super) fn of_measure(
        &self,
        rows: &dyn TableRows,
        whole: Option<&dyn TableRows>,
        measure: &MeasureShape,
    ) -> Option<Headline> {
        if let Some(first) = self.first.as_ref().and_then(|first| self.told_first(measure, rows, first)) {
            return Some(first);
        }
        if let Some(drawn) = self.as_drawn(rows, measure) {
            return drawn.shape.of_measure(&drawn.rows, whole, measure);
        }
        let told = self.told(rows, whole, measure)?;
        if let Some(goal) = self.goal.as_ref().and_then(|goal| self.told_goal(rows, measure, goal, &told)) {
            return Some(goal);
        }
        if let Some(rise) = Some(()).filter(|()| measure.is_rise).and_then(|()| self.told_rise(rows, measure)) {
            return Some(rise);
        }
        if measure.share_of.is_some() && measure.unit != Unit::Count {
            return self.told_share(rows, whole, measure, &told);
        }
        if measure.is_total && rows.rows() > 1 && !self.groups.is_cut(rows.rows()) {
            return Some(total(rows, measure, &told, &self.in_one(rows)));
        }
        if let Some(alike) = self.told_alike(rows, measure) {
            return Some(alike);
        }
        if let Some(of) = &measure.counted {
            return Some(self.told_quantile(rows, whole, measure, &told, &words(of)));
        }
        Some(self.told_most(rows, whole, measure, &told))
    }

    fn told(&self, rows: &dyn TableRows, whole: Option<&dyn TableRows>, measure: &MeasureShape) -> Option<Told> {
        let (cell, equal) = self.told_cell(rows, measure)?;
        // The line of all may go above that of any part of enough.
        if let Some(all) =
            self.all_together(rows, whole, measure).filter(|all| all.told_above(measure, &cell).is_some())
        {
            return all.shape.told(&all.rows, None, measure);
        }
        let name_at = |row: usize| self.name_of(measure, rows, &|name| value(rows, row, name));
        // Where the most is nothing, no hour is the peak.
        let is_nothing = cell.height == 0.0 && !measure.is_lowest && rows.rows() > 1;
        let high = if measure.is_lowest { "low" } else { "high" };
        let cells = cells(self, rows, measure);
        // What is cut off may be as high where the last that is left is.
        let is_open = self.groups.is_cut(rows.rows()) && cells.last().is_some_and(|last| last.height == cell.height);
        let other = || self.equal_to(rows, measure, &cell).filter(|_| equal == 1 && !is_open && !self.is_over_time());
        let equals = match equal {
            0 => String::new(),
            _ if is_nothing => String::new(),
            equal => match other().and_then(name_at) {
                Some(name) => format!(" ({name} as {high})"),
                None if is_open => format!(" ({} or more others as {high})", grouped(equal as u64)),
                None => format!(" ({} as {high})", counted(equal as u64, "other")),
            },
        };
        Some(Told {
            cell,
            is_nothing,
            name: name_at(cell.row).filter(|_| !is_nothing).unwrap_or_default(),
            when: self.when(rows, cell.row).filter(|_| !is_nothing).unwrap_or_default(),
            equals,
            is_common: is_common(equal, cells.len()),
            rule: self.rule(rows, measure, &cell),
        })
    }

    /// Which cells are not told of, in words, where there are such.
    fn rule(&self, rows: &dyn TableRows, measure: &MeasureShape, told: &Cell) -> String {
        if !told.is_of_enough() || cells(self, rows, measure).iter().all(Cell::is_of_enough) {
            return String::new();
        }
        let whole = measure.share_of.as_ref().map(|(_, whole)| whole).or(measure.counted.as_ref());
        whole.map_or(String::new(), |whole| format!(" of at least {FEW} {}", words(whole)))
    }

    /// What a row is, in words: `page kinds`, `hours`.
    fn things(&self) -> String {
        let parts = self.chart.as_ref().and_then(|chart| Some((chart.by.as_ref()?, &chart.x)));
        match parts {
            _ if self.is_over_time() => self.many().to_owned(),
            Some((by, x)) => format!("pairs of {} and {}", words(by), words(x)),
            None => plural(&words(self.names.first().map_or("row", String::as_str))),
        }
    }

    /// All that rows are about: `25 pages`.
    fn all_in_words(&self, rows: &dyn TableRows, measure: &MeasureShape) -> String {
        let more = if self.groups.is_cut(rows.rows()) { " or more" } else { "" };
        let count = cells(self, rows, measure).iter().filter(|cell| cell.is_named).count();
        format!("{}{more} {}", grouped(count as u64), singular(&self.things(), count as f64))
    }

    /// What several rows are: `hours`, `days`.
    fn many(&self) -> &'static str {
        let span = self.time.as_ref().filter(|_| self.is_over_time()).and_then(|(_, span)| *span);
        span.and_then(span_words).unwrap_or("those")
    }

    /// ` in an hour`, where rows are for spans of time.
    fn in_one(&self, rows: &dyn TableRows) -> String {
        let Some((time, span)) = self.time.as_ref().filter(|_| self.is_over_time()) else { return String::new() };
        let is_monthly = || rows.schema().index(time).is_some_and(|column| super::told::is_monthly(rows, column));
        match span.and_then(one_span) {
            Some(span) => format!(" in {span}"),
            None if span.is_none() && is_monthly() => " in a month".to_owned(),
            None => String::new(),
        }
    }

    fn told_share(
        &self,
        rows: &dyn TableRows,
        whole: Option<&dyn TableRows>,
        measure: &MeasureShape,
        told: &Told,
    ) -> Option<Headline> {
        let (part, of) = measure.share_of.as_ref()?;
        let is = |share: f64, count: f64| {
            format!(
                "{} of {} {} {}",
                share_text(share),
                number_text(count),
                singular(&words(of), count),
                is_part(part, of)
            )
        };
        let cell = &told.cell;
        let is_time = rows.rows() > 1 && self.is_over_time() && !measure.is_lowest;
        let of_whole = || {
            let at = |name: &String| whole.and_then(|whole| number(&value(whole, of_all(whole), name)?));
            Some((at(&measure.column)?, at(of)?))
        };
        let all = share_of_all(self, rows, measure).or_else(of_whole).filter(|_| is_time);
        let what = format!("of {} {}", words(of), is_part(part, of));
        if let Some(too_few) = too_few_for_a_share(all.map(|(share, count)| (share * count, count)), told, part, of) {
            return Some(too_few);
        }
        if let Some((share, count)) = all {
            // The most of few says nothing; and where all are alike, no hour is worse than the whole.
            let most = cell.of.filter(|_| cell.is_sound() && cell.height > share && !told.is_common).map_or(
                String::new(),
                |count| {
                    let figure = share_text(cell.height);
                    let many = if told.rule.is_empty() { self.in_one(rows) } else { format!(" among {}", self.many()) };
                    format!("; the most{many}{} is {figure} of {}{}", told.rule, number_text(count), told.after())
                },
            );
            let sentence = format!("{}{most}", is(share, count));
            return Some(Headline { number: share_text(share), what, place: "in all".to_owned(), sentence });
        }
        let figure = share_text(cell.height);
        let says = match (cell.of.filter(|_| !told.is_nothing), kind_of(part, of)) {
            (Some(count), Some(kind)) if !is_time => {
                let (part, count) = (number_text((cell.height * count).round()), number_text(count));
                format!("{kind} in {part} of {count} {} ({})", words(of), percent_of(cell.height, 1.0))
            }
            (Some(count), _) => is(cell.height, count),
            (None, _) => format!("{figure} of {} {}", words(of), is_part(part, of)),
        };
        let sentence = match () {
            () if told.is_nothing && self.is_over_time() => format!("{says} on all {}", self.many()),
            () if told.is_nothing => format!("{says} for all {}", self.all_in_words(rows, measure)),
            () if is_time => format!("at most {says}{}{}", self.in_one(rows), told.after()),
            () => format!("{}{says}{}", told.before(), told.later()),
        };
        Some(Headline { number: figure, what, place: told.place(), sentence })
    }

    /// What most of what is counted stay under: of all, and where it is the most.
    fn told_quantile(
        &self,
        rows: &dyn TableRows,
        whole: Option<&dyn TableRows>,
        measure: &MeasureShape,
        told: &Told,
        counted_name: &str,
    ) -> Headline {
        let noun = words(&measure.column);
        let of_all = whole.and_then(|whole| number(&value(whole, of_all(whole), &measure.column)?));
        let figure_of = |value: f64| figure(value, measure);
        let (most, is_time) = (figure_of(told.cell.height), measure.is_time());
        if let Some(count) = told.cell.of.filter(|of| *of < FEW && rows.rows() > 1 && of_all.is_none()) {
            let of = number_text(count);
            let what = format!("{counted_name} to tell the {}", measure.in_words());
            let none = format!("none of {} has {FEW} of them", self.all_in_words(rows, measure));
            let sentence =
                format!("too few {what}: {none}; the most is {most}, of {of} {}", singular(counted_name, count));
            return Headline { number: "too few".to_owned(), what, place: String::new(), sentence };
        }
        let verb = if is_time { "take" } else { "are" };
        let says = |value: f64| match &measure.most_of {
            Some(most_of) => format!("{most_of} {counted_name} {verb} at most {}", figure_of(value)),
            None => format!("{noun} {}", figure_of(value)),
        };
        let highest = if is_time { "slowest" } else { "highest" };
        let of = told.cell.of.map_or(String::new(), |count| {
            let name = if of_all.is_some() { String::new() } else { format!(" {}", singular(counted_name, count)) };
            format!(", of {}{name}", number_text(count))
        });
        let what = measure.most_of.as_ref().map_or(noun.clone(), |most_of| match is_time {
            true => format!("at most for {most_of} {counted_name}"),
            false => format!("at most in {most_of} {counted_name}"),
        });
        if let Some(all) = of_all.filter(|_| self.is_over_time() && rows.rows() > 1) {
            let span = self.many().trim_end_matches('s');
            let place = if told.name.is_empty() { String::new() } else { format!(" for {}", told.name) };
            let peak = match told.cell.is_of_enough() && told.cell.height > all {
                true => format!("; the {highest} {span}{}: {most}{place}{}{of}", told.rule, told.later()),
                false => String::new(),
            };
            let sentence = format!("{}{peak}", says(all));
            return Headline { number: figure_of(all), what, place: "in all".to_owned(), sentence };
        }
        let one_of = match self.groups.is_filtered && rows.rows() > 1 {
            true => format!("; the {highest} of {}", self.all_in_words(rows, measure)),
            false => String::new(),
        };
        let sentence = match told.rule.is_empty() {
            _ if self.is_over_time() && rows.rows() > 1 => {
                let span = self.many().trim_end_matches('s');
                format!("{} in the {highest} {span}{}{}{of}", says(told.cell.height), told.rule, told.after())
            }
            true => format!("{}{}{}{of}{one_of}", told.before(), says(told.cell.height), told.later()),
            false => {
                let few = format!("; those of fewer than {FEW} are not told");
                format!("{}{}{}{of}{few}{one_of}", told.before(), says(told.cell.height), told.later())
            }
        };
        Headline { number: most, what, place: told.place(), sentence }
    }

    /// Where all are alike none is the most: how many there are in all.
    fn told_alike(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        let cells = cells(self, rows, measure);
        let height = cells.first()?.height;
        let is_whole = self.sums(measure, rows) && !self.groups.is_filtered && rows.rows() <= MOST_ROWS;
        let is_count = measure.unit == Unit::Count && measure.whole.is_none() && !measure.is_lowest;
        let are_alike = cells.len() > 2 && height > 0.0 && cells.iter().all(|cell| cell.height == height);
        if !(is_whole && is_count && are_alike) || self.is_over_time() {
            return None;
        }
        let all = sum(rows, &measure.column);
        let noun = singular(&words(&measure.column), all);
        let (number, each) = (number_text(all), number_text(height));
        let name = self.name_of(measure, rows, &|name| value(rows, cells[0].row, name));
        let such = name.filter(|name| !is_numbered(name)).map_or(String::new(), |name| format!(", such as {name}"));
        let list = self.all_in_words(rows, measure);
        let sentence = format!("{number} {noun} in all, {each} for each of {list}{such}");
        Some(Headline { number, what: noun, place: String::new(), sentence })
    }

    fn told_most(
        &self,
        rows: &dyn TableRows,
        whole: Option<&dyn TableRows>,
        measure: &MeasureShape,
        told: &Told,
    ) -> Headline {
        let noun = words(&measure.column);
        let figure = figure(told.cell.height, measure);
        let of_whole = measure.whole.as_ref().map(|name| words(name)).zip(told.cell.whole);
        let (what, says) = match (&measure.unit, of_whole) {
            (Unit::Count, Some((all, count))) => {
                let of = format!("of {} {}", number_text(count), singular(&all, count));
                let share = format!(" ({})", percent_of(told.cell.height, count));
                match noun.strip_suffix(all.as_str()).map(str::trim).filter(|part| !part.is_empty()) {
                    Some(part) => (format!("{of} {part}"), format!("{part} in {figure} {of}{share}")),
                    None => (format!("{noun} {of}"), format!("{figure} {noun} {of}{share}")),
                }
            }
            (Unit::Count, None) if self.hours.is_some() && noun.ends_with(A_DAY) => {
                // The load of an hour is no load of a day.
                let what = format!("{} in that hour on an average day", noun.trim_end_matches(A_DAY));
                (what.clone(), format!("{figure} {what}"))
            }
            (Unit::Count, None) => {
                let what = singular(&noun, told.cell.height);
                (what.clone(), format!("{figure} {what}"))
            }
            // The unit says what it is.
            (Unit::Measured(unit), _) if unit == MONEY || is_unit(&noun, unit) => (noun.clone(), figure.clone()),
            (Unit::Measured(_), _) => (noun.clone(), format!("{noun} {figure}")),
        };
        let all = self.all_of(rows, whole, measure).filter(|all| *all > told.cell.height);
        if measure.is_of_groups || (self.groups.is_filtered && rows.rows() > 1) {
            return self.told_list(rows, measure, told, &says, all.filter(|_| measure.is_of_groups));
        }
        let is_over_time = self.is_over_time() && rows.rows() > 1;
        match all {
            Some(all) if is_over_time && !told.is_nothing => {
                let (number, all) = figure_noun(all, measure);
                let sentence = format!("{all} in all; the most{} is {figure}{}", self.in_one(rows), told.after());
                Headline { number, what: noun, place: "in all".to_owned(), sentence }
            }
            Some(all) => {
                let share = percent_of(told.cell.height, all);
                let of = figure_noun(all, measure).0;
                let sentence = format!("{}{says}{}; {share} of {of} in all", told.before(), told.later());
                Headline { number: figure, what, place: told.place(), sentence }
            }
            None if told.is_nothing && self.is_over_time() => {
                let on = if self.many() == "days" { "on" } else { "in" };
                let sentence = format!("{says} {on} all {}", self.many());
                Headline { number: figure, what, place: String::new(), sentence }
            }
            None if told.is_nothing => {
                let sentence = format!("{says} for all {}", self.all_in_words(rows, measure));
                Headline { number: figure, what, place: String::new(), sentence }
            }
            None if is_over_time => {
                let least = if measure.is_lowest { "at least" } else { "at most" };
                let sentence = format!("{least} {says}{}{}", self.in_one(rows), told.after());
                let what = format!("{what} {least}{}", self.in_one(rows));
                Headline { number: figure, what, place: told.place(), sentence }
            }
            None => {
                let sentence = format!("{}{says}{}", told.before(), told.later());
                Headline { number: figure, what, place: told.place(), sentence }
            }
        }
    }

    /// What a condition left, or what the question looks for, is a list: how long it is comes first.
    fn told_list(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        told: &Told,
        says: &str,
        all: Option<f64>,
    ) -> Headline {
        let list = self.all_in_words(rows, measure);
        let (number, what) = list.split_once(' ').unwrap_or((&list, ""));
        let all = all.map_or(String::new(), |all| format!(", {} in all", figure_noun(all, measure).1));
        let one = || singular(&self.things(), 1.0);
        let most = match told.name.as_str() {
            // That a name is not told tells nobody anything.
            name if is_numbered(name) => format!("at most {says} of one {}{}", one(), told.equals),
            _ => format!("most of all {}{}: {says}", told.place(), told.equals),
        };
        let (networks, when) = (networks_of(rows), self.seen_in_words(rows));
        Headline {
            number: number.to_owned(),
            what: what.to_owned(),
            place: told.place(),
            sentence: format!("{list}{networks}{all}{when}; {most}"),
        }
    }

    /// `, 2–5 March 2026`: from when to when a list of something was seen, where its rows tell it.
    fn seen_in_words(&self, rows: &dyn TableRows) -> String {
        let ends = |name: &str| {
            let column = rows.schema().index(name)?;
            let times = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| position(&rows.value(row, column)));
            let times: Vec<i64> = times.collect();
            Some((*times.iter().min()?, *times.iter().max()?))
        };
        match (ends("first_seen"), ends("last_seen")) {
            (Some((first, _)), Some((_, last))) => format!(", {}", span_in_words((first, last))),
            _ => String::new(),
        }
    }

    /// The number of all groups together, where it is known.
    fn all_of(&self, rows: &dyn TableRows, whole: Option<&dyn TableRows>, measure: &MeasureShape) -> Option<f64> {
        if measure.share_of.is_some() || measure.whole.is_some() || rows.rows() <= 1 {
            return None;
        }
        let are_there = !self.groups.is_filtered && !self.groups.is_cut(rows.rows()) && rows.rows() <= MOST_ROWS;
        if measure.adds_up {
            return are_there.then(|| sum(rows, &measure.column));
        }
        let is_count = measure.unit == Unit::Count;
        whole.filter(|_| is_count).and_then(|whole| number(&value(whole, of_all(whole), &measure.column)?))
    }

    /// Whether the goal is met, and where it is missed the most.
    fn told_goal(&self, rows: &dyn TableRows, measure: &MeasureShape, goal: &Goal, told: &Told) -> Option<Headline> {
        let (met, at) = (rows.schema().index(&goal.met)?, rows.schema().index(&goal.at)?);
        // Of few nothing is met or missed but by chance.
        let cells: Vec<Cell> = cells(self, rows, measure).into_iter().filter(Cell::is_of_enough).collect();
        let count = cells.len();
        if count == 0 {
            let of = words(measure.counted.as_ref()?);
            let span = self.many().trim_end_matches('s');
            let what = format!("no {span} has {FEW} {of}, and a share of fewer says nothing");
            let sentence = format!("{CANNOT_BE_TOLD}: {what}");
            return Some(Headline { number: CANNOT_BE_TOLD.to_owned(), what, place: String::new(), sentence });
        }
        let kept = cells.iter().filter(|cell| rows.value(cell.row, met) == Value::Boolean(true)).count();
        let target = number(&rows.value(told.cell.row, at))?;
        let goal = figure(target, measure);
        let says = match (kept == count, count) {
            (_, 1) => format!("the goal is {goal}"),
            (true, count) => format!("all {count} {}{} meet {goal}", self.many(), told.rule),
            (false, count) => format!("{kept} of {count} {}{} meet {goal}", self.many(), told.rule),
        };
        let answer = if kept == count { "yes" } else { NO };
        let value = beside(told.cell.height, target, measure);
        let lowest = match (count, measure.is_lowest) {
            (1, _) => "it is",
            (_, true) => "the lowest is",
            (_, false) => "the highest is",
        };
        // Where all are as low, none of them is the lowest.
        let lowest = if told.is_common { String::new() } else { format!("; {lowest} {value}{}", told.after()) };
        let sentence = format!("{answer}: {says}{lowest}");
        Some(Headline { number: answer.to_owned(), what: says, place: told.place(), sentence })
    }

    /// Neighbours of the same name, as rows come, of which each may be above the one before it.
    fn pairs(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Vec<(Cell, Cell)>> {
        let by = rows.schema().index(self.chart.as_ref()?.by.as_ref().filter(|_| measure.is_rise)?)?;
        let cells: Vec<Cell> = cells(self, rows, measure).into_iter().filter(Cell::is_sound).collect();
        let is_same = |pair: &&[Cell]| rows.value(pair[0].row, by) == rows.value(pair[1].row, by);
        Some(cells.windows(2).filter(is_same).map(|pair| (pair[0], pair[1])).collect())
    }

    /// The greatest rise of those that are more than chance: what was before it, and it.
    pub(super) fn rise(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<(Cell, Cell)> {
        let pairs = self.pairs(rows, measure)?.into_iter();
        pairs.filter(|pair| is_clear(pair, measure)).max_by(|one, other| rise_of(one).total_cmp(&rise_of(other)))
    }

    /// Whether something is above the one before it, and what the most.
    fn told_rise(&self, rows: &dyn TableRows, measure: &MeasureShape) -> Option<Headline> {
        let chart = self.chart.as_ref()?;
        let (x, by) = (rows.schema().index(&chart.x)?, rows.schema().index(chart.by.as_ref()?)?);
        let pairs = self.pairs(rows, measure)?;
        let worst = pairs.iter().max_by(|one, other| rise_of(one).total_cmp(&rise_of(other)))?;
        let noun = words(&chart.x);
        let Some((before, after)) = self.rise(rows, measure) else {
            let clearly = if rise_of(worst) > 0.0 { "clearly " } else { "" };
            let changes = counted(pairs.len() as u64, "change");
            let sentence = format!("no: no {noun} is {clearly}above the one before it, of {changes}");
            return Some(Headline { number: NO.to_owned(), what: String::new(), place: String::new(), sentence });
        };
        let (before, after) = (&before, &after);
        let name = |cell: &Cell| shown(&rows.value(cell.row, x));
        let place = format!("{} {}", shown(&rows.value(after.row, by)), name(after));
        let count = |cell: &Cell| cell.of.map_or(String::new(), |count| format!(" of {}", number_text(count)));
        let (says, then) = match (&measure.share_of, &measure.counted) {
            (Some((part, of)), _) => (
                format!("{}{} {} {}", share_text(after.height), count(after), words(of), is_part(part, of)),
                format!("{}{}", share_text(before.height), count(before)),
            ),
            (None, of) => {
                let (now, then) = (figure(after.height, measure), figure(before.height, measure));
                let says = match (&measure.most_of, of) {
                    (Some(most_of), Some(of)) => format!("{most_of} {} take at most {now}", words(of)),
                    _ => format!("{} {now}", words(&measure.column)),
                };
                let of = of.as_ref().map_or(String::new(), |of| format!(" {}", words(of)));
                (format!("{says}{}", count(after).replace(" of", ", of")), format!("{then}{}{of}", count(before)))
            }
        };
        let others = self.further_rises(rows, measure, after, &|cell| {
            format!("{} {}", shown(&rows.value(cell.row, by)), name(cell))
        });
        let sentence = format!("yes: with {place} {says}; {then} with {} before{others}", name(before));
        let what = format!("{place}: {says}, {then} before");
        Some(Headline { number: "yes".to_owned(), what, place, sentence })
    }

    /// Others that rose as much for their size as the one that is told, or at least to its double: a meeting has to
    /// hear of them, too.
    fn further_rises(
        &self,
        rows: &dyn TableRows,
        measure: &MeasureShape,
        told: &Cell,
        name: &dyn Fn(&Cell) -> String,
    ) -> String {
        const DOUBLE: f64 = 2.0;
        let is_other = |(before, after): &(Cell, Cell)| after.row != told.row && after.height >= DOUBLE * before.height;
        let pairs = self.pairs(rows, measure).unwrap_or_default().into_iter();
        let mut found: Vec<_> = pairs.filter(|pair| is_clear(pair, measure) && is_other(pair)).collect();
        found.sort_by(|one, other| rise_of(other).total_cmp(&rise_of(one)));
        let says = |(before, after): &(Cell, Cell)| {
            format!("{} ({} after {})", name(after), figure(after.height, measure), figure(before.height, measure))
        };
        match &found[..] {
            [] => String::new(),
            [one] => format!("; and one other: {}", says(one)),
            [most, rest @ ..] => format!("; and {} others, the most {}", rest.len() + 1, says(most)),
        }
    }

    /// The row that is first in time: what it is about, and since when.
    fn told_first(&self, measure: &MeasureShape, rows: &dyn TableRows, first: &str) -> Option<Headline> {
        let (row, at) = first_of(rows, first)?;
        let name = self.name_of(measure, rows, &|name| value(rows, row, name))?;
        /// A longer name has no room in large type.
        const SHORT: usize = 20;
        let (what, when) = (words(first), moment(at, None));
        let sentence = format!("{name}: {what} {when}");
        let (number, what) = match name.chars().count() <= SHORT {
            true => (name.clone(), format!("{what} {when}")),
            false => (when, format!("{what}, {name}")),
        };
        Some(Headline { number, what, place: name, sentence })
    }

    /// The time of what is first, in microseconds, where that is what the question looks for.
    pub fn first_time(&self, rows: &dyn TableRows) -> Option<i64> {
        first_of(rows, self.first.as_ref()?).map(|(_, at)| at)
    }
}

/// Where there are too few of all to tell a share of them.
fn too_few_for_a_share(all: Option<(f64, f64)>, told: &Told, part: &str, of: &str) -> Option<Headline> {
    let (count, whole) = all.or_else(|| Some((told.cell.height * told.cell.of?, told.cell.of?)))?;
    if whole >= FEW || told.cell.of.is_some_and(|of| of >= FEW) {
        return None;
    }
    let what = format!("{} to tell a share", words(of));
    let place = Some(told.place()).filter(|place| all.is_none() && !place.is_empty());
    let place = place.map_or(String::new(), |place| format!(" ({place})"));
    let (count, whole) = (number_text(count.round()), number_text(whole));
    let sentence = format!("too few {what}: {count} of {whole} {}{place}", is_part(part, of));
    Some(Headline { number: "too few".to_owned(), what, place: String::new(), sentence })
}

/// ` of 3 networks`, where rows tell theirs.
fn networks_of(rows: &dyn TableRows) -> String {
    let Some(column) = rows.schema().index("network") else { return String::new() };
    let found: BTreeSet<String> = (0..rows.rows().min(MOST_ROWS)).map(|row| shown(&rows.value(row, column))).collect();
    format!(" of {}", counted(found.len() as u64, "network"))
}

/// How a part of a whole is said of it: `failed`, `were affected`, `are errors`.
pub(super) fn is_part(part: &str, whole: &str) -> String {
    match kind_of(part, whole).unwrap_or(words(part)) {
        part if part == "failed" => part,
        part if part.ends_with("ed") => format!("were {part}"),
        part => format!("are {part}"),
    }
}

/// What a part is called beside its whole: `busy` of `busy_samples` and `samples`.
fn kind_of(part: &str, whole: &str) -> Option<String> {
    let kind = words(part.strip_suffix(whole)?.trim_end_matches('_'));
    (!kind.is_empty()).then_some(kind)
}

/// Whether a noun says no more than its unit.
fn is_unit(noun: &str, unit: &str) -> bool {
    unit == "B" && noun == "bytes"
}

fn rise_of((before, after): &(Cell, Cell)) -> f64 {
    after.height - before.height
}

fn is_clear(pair: &(Cell, Cell), measure: &MeasureShape) -> bool {
    rise_of(pair) > 0.0 && is_beyond_chance(&pair.0, &pair.1, measure)
}

/// Whether two numbers differ by more than what chance makes of as many: for shares twice the standard error of the
/// difference. Of what is no share that is not known: a tenth of it is taken for chance.
fn is_beyond_chance(before: &Cell, after: &Cell, measure: &MeasureShape) -> bool {
    const TENTH: f64 = 0.1;
    let (Some(of_before), Some(of_after), Some(_)) = (before.of, after.of, &measure.share_of) else {
        return after.height - before.height > TENTH * before.height.abs();
    };
    let all = (before.height * of_before + after.height * of_after) / (of_before + of_after);
    let error = (all * (1.0 - all) * (1.0 / of_before + 1.0 / of_after)).sqrt();
    (after.height - before.height).abs() > 2.0 * error
}

fn first_of(rows: &dyn TableRows, first: &str) -> Option<(usize, i64)> {
    let column = rows.schema().index(first)?;
    let times = (0..rows.rows().min(MOST_ROWS)).filter_map(|row| Some((row, position(&rows.value(row, column))?)));
    times.min_by_key(|(_, at)| *at)
}

fn value(rows: &dyn TableRows, row: usize, name: &str) -> Option<Value> {
    rows.schema().index(name).filter(|_| row < rows.rows()).map(|column| rows.value(row, column))
}

fn figure(value: f64, measure: &MeasureShape) -> String {
    match &measure.unit {
        // Nobody comes by halves.
        Unit::Count if value >= 10.0 => number_text(value.round()),
        Unit::Count => number_text(value),
        Unit::Measured(unit) if unit == "share" => share_text(value),
        Unit::Measured(unit) if unit == "%" => percent_text(value),
        Unit::Measured(unit) => with_unit(value, unit),
    }
}

/// A number by itself, and with what it counts or measures.
fn figure_noun(value: f64, measure: &MeasureShape) -> (String, String) {
    let (figure, noun) = (figure(value, measure), words(&measure.column));
    let told = match &measure.unit {
        Unit::Count => format!("{figure} {}", singular(&noun, value)),
        Unit::Measured(unit) if unit == MONEY || is_unit(&noun, unit) => figure.clone(),
        Unit::Measured(_) => format!("{noun} {figure}"),
    };
    (figure, told)
}

/// A value beside its goal: with as many digits as tell the two apart.
fn beside(value: f64, goal: f64, measure: &MeasureShape) -> String {
    let told = figure(value, measure);
    match &measure.unit {
        Unit::Measured(unit) if unit == "%" && value != goal && told == figure(goal, measure) => {
            format!("{value:.3} %")
        }
        _ => told,
    }
}

fn sum(rows: &dyn TableRows, column: &str) -> f64 {
    let Some(column) = rows.schema().index(column) else { return 0.0 };
    (0..rows.rows().min(MOST_ROWS)).filter_map(|row| number(&rows.value(row, column))).sum()
}

fn total(rows: &dyn TableRows, measure: &MeasureShape, told: &Told, in_one: &str) -> Headline {
    let all = sum(rows, &measure.column);
    let (total, says) = figure_noun(all, measure);
    // Nothing says in which money it is.
    let unnamed = if measure.unit == Unit::Measured(MONEY.to_owned()) { " (currency not recorded)" } else { "" };
    let most = figure(told.cell.height, measure);
    let sentence = format!("{says} in all{unnamed}; the most{in_one} is {most}{}", told.after());
    Headline { number: total, what: format!("{}{unnamed}", words(&measure.column)), place: String::new(), sentence }
}
