//! A question of one's own as a sentence with blanks: *how many* [visitors] *per* [hour] *where* [errors or slower than
//! 3 s] *by* [version]. Each blank is a picker; every choice is one edit of the question's contract.

use egui::{DragValue, RichText, Ui};
use pipewright_core::data::DataType;
use pipewright_core::model::Question;
use pipewright_core::planner::{Concept, Contract, Measure, Only, SPANS, Sentence, Vocabulary, ready_question};
use serde_json::{Value as Json, json};

use crate::gui::actions::edits;
use crate::gui::command::Actions;
use crate::gui::forms::{TextLook, label_ui, text_edit};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, UNTITLED_QUESTION};
use crate::gui::theme;
use crate::gui::widgets::{Choice, caption, link, picker, soft};

/// What the measure may be: the word that is stored, the words on screen.
const MEASURES: [(&str, &str); 9] = [
    ("rows", "how many rows"),
    ("different", "how many different"),
    ("total", "the total"),
    ("average", "the average"),
    ("largest", "the largest"),
    ("smallest", "the smallest"),
    ("median", "the median"),
    ("p95", "the 95th percentile of"),
    ("share", "which share of the rows"),
];

const CONDITIONS: [(&str, &str); 6] = [
    ("errors", "errors"),
    ("slower", "slower than"),
    ("is", "a value is"),
    ("is_not", "a value is not"),
    ("above", "a number above"),
    ("below", "a number below"),
];

/// The sentence of a question that has no contract yet, or one that a sentence can say.
pub fn sentence_ui(ui: &mut Ui, state: StateRef<'_>, question: &Question, view: &mut View, out: &mut Actions) {
    let Some(latest) = &state.planning.latest else { return };
    let vocabulary = &latest.catalogue.vocabulary;
    let contract = question.contract.as_ref().and_then(|json| serde_json::from_value::<Contract>(json.clone()).ok());
    let sentence = match &contract {
        Some(contract) => match Sentence::of(contract, vocabulary) {
            Some(sentence) => sentence,
            None => return,
        },
        None if question.contract.is_some() || ready_question(&question.id).is_some() => return,
        None => Sentence::default(),
    };
    label_ui(ui, "What the answer shows", "Fill in the blanks, or write the sentence below.");
    let mut changed = sentence.clone();
    let is_number = |concept: &Concept| matches!(concept.data_type, DataType::Int | DataType::Float);
    measure_ui(ui, vocabulary, &mut changed.measure, &is_number);
    ui.horizontal(|ui| {
        soft(ui, "per");
        let shown = sentence.per.as_deref().unwrap_or("all time");
        let spans = || {
            let all = Choice { value: String::new(), label: "all time".into(), detail: String::new() };
            std::iter::once(all).chain(SPANS.iter().map(|span| plain(span, span))).collect()
        };
        if let Some(span) = picker(ui, "Per", shown, false, spans) {
            changed.per = Some(span).filter(|span| !span.is_empty());
        }
    });
    conditions_ui(ui, vocabulary, &mut changed, &is_number);
    by_ui(ui, vocabulary, &mut changed);
    let text = sentence.text(vocabulary);
    // A share is the share of something.
    if changed.measure == Measure::Share && changed.only.is_empty() {
        changed.only.push(Only::Errors);
    }
    // A picker's choice, or a change from elsewhere, is written anew; what is being typed stays as it is.
    let typed = view.questions.typed.get_or_insert_with(|| (question.id.clone(), text));
    let says = Sentence::parse(&typed.1, vocabulary);
    if typed.0 != question.id || changed != sentence || says.is_ok_and(|says| says != sentence) {
        *typed = (question.id.clone(), changed.text(vocabulary));
    }
    caption(ui, "in words");
    let look = TextLook { placeholder: "how many users per hour by version", ..TextLook::default() };
    let is_typed = text_edit(ui, "The question in words", &mut typed.1, look).changed();
    match Sentence::parse(&typed.1, vocabulary) {
        Ok(parsed) if is_typed => changed = parsed,
        Ok(_) => {}
        Err(fault) => {
            ui.label(RichText::new(fault.message).color(theme::palette(ui.ctx()).bad));
            caption(ui, fault.help.unwrap_or_default());
        }
    }
    if changed != sentence || question.contract.is_none() {
        let is_new = changed != sentence;
        if is_new || link(ui, "Take this sentence").clicked() {
            // Typing and dragging is one change, each choice one of its own.
            let joins = is_typed || shape_of(&changed) == shape_of(&sentence);
            say(question, &sentence, &changed, vocabulary, joins, out);
        }
    }
    ui.add_space(theme::SPACE_2);
}

/// The contract of the sentence, and its title where nobody gave the question one.
fn say(
    question: &Question,
    before: &Sentence,
    sentence: &Sentence,
    vocabulary: &Vocabulary,
    joins: bool,
    out: &mut Actions,
) {
    let title_of = |sentence: &Sentence| format!("{}?", first_upper(&sentence.text(vocabulary)));
    let mut batch = vec![edits::set(&question.id, "contract", json!(sentence.contract(vocabulary)))];
    if question.title == UNTITLED_QUESTION || question.title == title_of(before) {
        batch.push(edits::set(&question.id, "title", Json::from(title_of(sentence))));
    }
    if !question.dials.is_empty() {
        batch.push(edits::set(&question.id, "dials", Json::Null));
    }
    out.push(crate::gui::command::Action::Edit { label: "say what the answer shows".into(), edits: batch, joins });
}

/// A sentence without its numbers and values.
fn shape_of(sentence: &Sentence) -> Sentence {
    let mut shape = sentence.clone();
    for only in &mut shape.only {
        match only {
            Only::Errors => {}
            Only::SlowerThan { seconds } => *seconds = 0.0,
            Only::Above { limit, .. } | Only::Below { limit, .. } => *limit = 0.0,
            Only::Is { value, .. } | Only::IsNot { value, .. } => value.clear(),
        }
    }
    shape
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn plain(value: &str, label: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), detail: String::new() }
}

fn concepts(vocabulary: &Vocabulary, fits: &dyn Fn(&Concept) -> bool) -> Vec<Choice> {
    let fitting = vocabulary.concepts().iter().filter(|concept| fits(concept));
    fitting
        .map(|concept| Choice { value: concept.id.clone(), label: concept.title.clone(), detail: concept.id.clone() })
        .collect()
}

/// A picker of concepts; gives what was picked.
fn concept_ui(
    ui: &mut Ui,
    vocabulary: &Vocabulary,
    name: &str,
    id: &str,
    fits: &dyn Fn(&Concept) -> bool,
) -> Option<String> {
    picker(ui, name, vocabulary.title(id), false, || concepts(vocabulary, fits))
}

fn measure_ui(ui: &mut Ui, vocabulary: &Vocabulary, measure: &mut Measure, is_number: &dyn Fn(&Concept) -> bool) {
    let word = match measure {
        Measure::Rows => "rows",
        Measure::Different(_) => "different",
        Measure::Total(_) => "total",
        Measure::Average(_) => "average",
        Measure::Largest(_) => "largest",
        Measure::Smallest(_) => "smallest",
        Measure::Median(_) => "median",
        Measure::Percentile95(_) => "p95",
        Measure::Share => "share",
    };
    let shown = MEASURES.iter().find(|(known, _)| *known == word).map_or("", |(_, label)| label);
    let choices = || MEASURES.iter().map(|(value, label)| plain(value, label)).collect();
    if let Some(picked) = picker(ui, "Measure", shown, false, choices) {
        let number = measure.concept().filter(|id| vocabulary.concept(id).is_some_and(is_number));
        let number = number.unwrap_or("event.duration").to_owned();
        *measure = match picked.as_str() {
            "different" => Measure::Different(measure.concept().unwrap_or("visitor.id").to_owned()),
            "total" => Measure::Total(number),
            "average" => Measure::Average(number),
            "largest" => Measure::Largest(number),
            "smallest" => Measure::Smallest(number),
            "median" => Measure::Median(number),
            "share" => Measure::Share,
            "p95" => Measure::Percentile95(number),
            _ => Measure::Rows,
        };
    }
    match measure {
        Measure::Rows | Measure::Share => {}
        Measure::Different(id) => {
            if let Some(picked) = concept_ui(ui, vocabulary, "Counted", id, &|_| true) {
                *id = picked;
            }
        }
        Measure::Total(id)
        | Measure::Average(id)
        | Measure::Largest(id)
        | Measure::Smallest(id)
        | Measure::Median(id)
        | Measure::Percentile95(id) => {
            if let Some(picked) = concept_ui(ui, vocabulary, "Measured", id, is_number) {
                *id = picked;
            }
        }
    }
}

fn conditions_ui(ui: &mut Ui, vocabulary: &Vocabulary, sentence: &mut Sentence, is_number: &dyn Fn(&Concept) -> bool) {
    let mut gone = None;
    for place in 0..sentence.only.len() {
        ui.push_id(("only", place), |ui| {
            ui.horizontal(|ui| {
                if place == 0 {
                    soft(ui, "where");
                } else if ui
                    .button(if sentence.all { "and" } else { "or" })
                    .on_hover_text("Switches and / or")
                    .clicked()
                {
                    sentence.all = !sentence.all;
                }
                if icon_button(ui, Icon::Cross, &format!("Remove condition {}", place + 1)).clicked() {
                    gone = Some(place);
                }
                match &mut sentence.only[place] {
                    Only::Errors => drop(ui.label("errors")),
                    Only::SlowerThan { seconds } => {
                        ui.label("slower than");
                        ui.add(DragValue::new(seconds).range(0.0..=f64::MAX).speed(0.1).suffix(" s"));
                    }
                    Only::Above { .. } => drop(ui.label("above")),
                    Only::Below { .. } => drop(ui.label("below")),
                    Only::Is { .. } => drop(ui.label("is")),
                    Only::IsNot { .. } => drop(ui.label("is not")),
                }
            });
            match &mut sentence.only[place] {
                Only::Errors | Only::SlowerThan { .. } => {}
                Only::Above { concept, limit } | Only::Below { concept, limit } => {
                    if let Some(picked) = concept_ui(ui, vocabulary, "Number", concept, is_number) {
                        *concept = picked;
                    }
                    ui.add(DragValue::new(limit).range(f64::MIN..=f64::MAX).speed(0.1));
                }
                Only::Is { concept, value } | Only::IsNot { concept, value } => {
                    if let Some(picked) = concept_ui(ui, vocabulary, "Field", concept, &|_| true) {
                        *concept = picked;
                    }
                    text_edit(ui, "Value", value, TextLook { placeholder: "value", ..TextLook::default() });
                }
            }
        });
    }
    if let Some(place) = gone {
        sentence.only.remove(place);
    }
    let choices = || CONDITIONS.iter().map(|(value, label)| plain(value, label)).collect();
    let hint = if sentence.only.is_empty() { "where…" } else { "and / or…" };
    let Some(picked) = picker(ui, "Add a condition", hint, false, choices) else { return };
    let (first, number) = ("http.request.method".to_owned(), "http.response.status_code".to_owned());
    sentence.only.push(match picked.as_str() {
        "slower" => Only::SlowerThan { seconds: 3.0 },
        "is" => Only::Is { concept: first, value: "GET".into() },
        "is_not" => Only::IsNot { concept: first, value: "GET".into() },
        "above" => Only::Above { concept: number, limit: 399.0 },
        "below" => Only::Below { concept: number, limit: 400.0 },
        _ => Only::Errors,
    });
}

fn by_ui(ui: &mut Ui, vocabulary: &Vocabulary, sentence: &mut Sentence) {
    let mut gone = None;
    for (place, concept) in sentence.by.iter().enumerate() {
        ui.horizontal(|ui| {
            soft(ui, if place == 0 { "by" } else { "and by" });
            if icon_button(ui, Icon::Cross, &format!("Remove {}", vocabulary.title(concept))).clicked() {
                gone = Some(place);
            }
            ui.label(vocabulary.title(concept));
        });
    }
    if let Some(place) = gone {
        sentence.by.remove(place);
    }
    // Over time there is no first of all.
    if sentence.per.is_some() || sentence.by.is_empty() {
        sentence.top = None;
    }
    if !sentence.by.is_empty() && sentence.per.is_none() {
        ui.horizontal(|ui| {
            let mut is_cut = sentence.top.is_some();
            if ui.checkbox(&mut is_cut, "only the first").changed() {
                sentence.top = is_cut.then_some(10);
            }
            if let Some(top) = &mut sentence.top {
                ui.add(DragValue::new(top).range(1..=1_000_000)).accessible_name("How many of them");
            }
        });
    }
    let known = sentence.by.clone();
    if let Some(picked) =
        picker(ui, "Split by", "by…", false, || concepts(vocabulary, &|one| !known.contains(&one.id)))
    {
        sentence.by.push(picked);
    }
}
