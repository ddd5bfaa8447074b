//! What the File and Planned source steps share: a source of the project → `Read`. Imports nothing above `model`.

use std::collections::BTreeMap;

use serde_json::Map;

use super::Lowering;
use crate::data::{Labels, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::formats::{self, FormatSpec, Sample};
use crate::ir::{Location, NodeId, Op, POSITION, Planned, Read, check_inquiry};
use crate::model::Source;

impl Lowering<'_> {
    /// The source that a setting names; reported where there is none.
    pub(super) fn source(&mut self, field: &str, id: &str) -> Option<Source> {
        if let Some(source) = self.context.sources.get(id) {
            return Some(source.clone());
        }
        let ids = self.context.sources.keys().map(String::as_str);
        let message = format!("there is no source `{id}`{}", did_you_mean(id, ids));
        let help = if self.context.sources.is_empty() {
            "add one first: drop a file on the canvas".to_owned()
        } else {
            let titles = self.context.sources.values().take(8).map(|source| format!("“{}”", source.title));
            format!("choose one of {}", titles.collect::<Vec<_>>().join(", "))
        };
        self.report(Diagnostic::error("PW0310", message).help(help).field(field));
        None
    }

    /// Labels for all fields: what they declare themselves, else what their meanings say; and where the source lives,
    /// where it must stay and who may see it. What the file says beside, which has no effect, stays with the project.
    fn labelled(&mut self, source: &Source, mut schema: Schema) -> Schema {
        let rules = self.context.rules;
        let teams = |names: &[String]| names.iter().map(|name| rules.team(name)).collect::<Vec<_>>();
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        // Where nothing else is said, data must stay where its connection finds it.
        let connection = self.context.connections.get(&source.connection);
        let of_connection = connection.map_or("", |connection| &connection.residency);
        let of_source = Labels {
            stacks: text(&source.stack).into_iter().collect(),
            residency: text(&source.residency).or(text(of_connection)).into_iter().collect(),
            access: Some(teams(&source.access)).filter(|teams| !teams.is_empty()),
            ..Labels::default()
        };
        schema.extra.clear();
        for field in &mut schema.fields {
            field.extra.clear();
            let confirmed = source.meanings.get(&field.name).filter(|concept| !concept.is_empty()).cloned();
            let meaning = confirmed.or(field.labels.meaning.take());
            field.labels.access = field.labels.access.as_deref().map(teams);
            // What is public stays so beside the labels of its source, which say nothing of classification.
            let classification = field.labels.classification;
            field.labels = Labels { meaning, classification, ..field.labels.merge(&of_source) };
        }
        self.hint_at_low_classes(source, &schema);
        self.classify_unlabelled(&mut schema, &source.meanings);
        self.classify_seen(source, &mut schema);
        schema
    }

    /// What neither declares what it is nor has a name that says so is as its values show, and told.
    fn classify_seen(&mut self, source: &Source, schema: &mut Schema) {
        let rules = self.context.rules;
        let Some(seen) = rules.seen.get(&source.id) else { return };
        for field in schema.fields.iter_mut().filter(|field| field.labels.classification.is_none()) {
            // Somebody has said that it means something else, or nothing.
            let is_said =
                |name: &str| source.meanings.contains_key(name) || name == field.name && field.labels.meaning.is_some();
            let is_of_field = |name: &str| {
                name.strip_prefix(field.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let shown = seen.iter().filter(|(name, _)| is_of_field(name) && !is_said(name));
            let closest = shown
                .filter_map(|(name, concept)| Some((rules.sensitivities.of_concept(concept)?, name, concept)))
                .max_by_key(|(class, ..)| *class);
            let Some((class, name, concept)) = closest else { continue };
            field.labels.classification = Some(class);
            let message = format!(
                "`{name}` of “{}” is taken for {}: its values look like `{concept}`",
                source.title,
                class.name()
            );
            self.report(
                Diagnostic::hint("PW1013", message)
                    .help("say in the source what the column means, or how it is classified; an empty meaning is none")
                    .field("source"),
            );
        }
    }

    /// What a source declares counts, but it may be a slip where the meaning is closer.
    fn hint_at_low_classes(&mut self, source: &Source, schema: &Schema) {
        for field in &schema.fields {
            let (Some(declared), Some(meaning)) = (field.labels.classification, &field.labels.meaning) else {
                continue;
            };
            let Some(usual) = self.context.rules.sensitivities.of_concept(meaning).filter(|usual| *usual > declared)
            else {
                continue;
            };
            let message = format!(
                "`{}` of “{}” is declared {}, though `{meaning}` is {}",
                field.name,
                source.title,
                declared.name(),
                usual.name()
            );
            self.report(
                Diagnostic::hint("PW1012", message)
                    .help("correct the classification or the meaning of the field if that is not meant")
                    .field("source"),
            );
        }
    }

    /// The classification of fields that declare none: by their meaning, confirmed or declared, or by a name that means
    /// one thing. A further value of a field (`code_2`) is as close as the field.
    pub(super) fn classify_unlabelled(&self, schema: &mut Schema, meanings: &BTreeMap<String, String>) {
        let sensitivities = &self.context.rules.sensitivities;
        let is_unlabelled = |column: &usize| schema.fields[*column].labels.classification.is_none();
        let unlabelled: Vec<usize> = (0..schema.len()).filter(is_unlabelled).collect();
        for field in schema.fields.iter_mut().filter(|field| field.labels.classification.is_none()) {
            let meaning = field.labels.meaning.as_deref();
            field.labels.classification = sensitivities.classify(&field.name, &field.data_type, meaning, meanings);
        }
        let further = unlabelled.into_iter().filter_map(|column| {
            let first = schema.first_of(&schema.fields[column].name)?;
            Some((column, first.labels.clone()))
        });
        for (column, labels) in further.collect::<Vec<_>>() {
            let own = &mut schema.fields[column].labels;
            *own = Labels { meaning: own.meaning.clone(), ..own.raised(&labels) };
        }
    }

    /// Reads a source of files.
    pub(super) fn push_read(&mut self, source: &Source, position: bool) -> Option<NodeId> {
        let title = &source.title;
        let location = self.location(source)?;
        if source.path.trim().is_empty() && location.is_some() {
            let message = format!("no sample of the source “{title}” is at hand");
            self.report(
                Diagnostic::error("PW0311", message)
                    .help("take one, in the source's form or with `pipewright sample`: its rows are planned and previewed with")
                    .field("source"),
            );
            return None;
        }
        if source.path.trim().is_empty() {
            let message = format!("the source “{title}” names no file");
            self.report(Diagnostic::error("PW0311", message).help("give it a path").field("source"));
            return None;
        }
        let Some(format) = &source.format else {
            self.report(
                Diagnostic::error("PW0312", format!("the format of the source “{title}” is not known yet"))
                    .help("choose one in the source, or drop the file on the canvas to have it recognised")
                    .field("source"),
            );
            return None;
        };
        let Some(known) = formats::format(&format.name) else {
            let names: Vec<&str> = formats::formats().iter().map(|format| format.name()).collect();
            let near = did_you_mean(&format.name, names.iter().copied());
            let message = format!("the source “{title}” has the unknown format `{}`{near}", format.name);
            let help = format!("the formats are {}", names.join(", "));
            self.report(Diagnostic::error("PW0322", message).help(help).field("source"));
            return None;
        };
        let declared = source.schema.as_ref().filter(|schema| !schema.is_empty());
        let schema = match declared {
            Some(schema) => {
                if let Err(diagnostic) = formats::prepare(known, format, Some(schema), &Sample::default()) {
                    self.report(diagnostic.field("source"));
                    return None;
                }
                if known.is_closed()
                    && ["payload", "fields"].iter().all(|name| matches!(format.option(name), None | Some("" | "none")))
                    && let Ok(parser) = formats::prepare(known, format, None, &Sample::default())
                {
                    self.report_columns_never_made(title, schema, parser.schema());
                }
                schema.clone()
            }
            None => match formats::prepare(known, format, None, &Sample::default()) {
                Ok(parser) if !parser.schema().is_empty() => parser.schema().clone(),
                Ok(_) => {
                    self.report(
                        Diagnostic::error("PW0323", format!("the columns of the source “{title}” are not known yet"))
                            .help("let a sample show them: drop the file on the canvas, or declare the schema")
                            .field("source"),
                    );
                    return None;
                }
                Err(diagnostic) => {
                    self.report(diagnostic.field("source"));
                    return None;
                }
            },
        };
        if let Some((name, _)) = POSITION.iter().find(|(name, _)| position && schema.has(name)) {
            let message =
                format!("the source “{title}” has a column `{name}` of its own, as the place of a row is called");
            self.report(
                Diagnostic::error("PW0362", message)
                    .help("turn “Position” off, or give the column of the source another name")
                    .field("position"),
            );
            return None;
        }
        let schema = self.labelled(source, schema);
        let format = FormatSpec { extra: Map::new(), ..format.clone() };
        let read = Read { path: source.path.clone(), format, schema, columns: None, position, planned: None, location };
        self.push_from("source", Op::Read(read), Vec::new())
    }

    /// Where a run takes a source's rows from: `None` inside where that is files. A connection that is not there, and what
    /// is wrong with what is asked of it, is reported.
    fn location(&mut self, source: &Source) -> Option<Option<Box<Location>>> {
        if source.connection.is_empty() {
            return Some(None);
        }
        let Some(location) = source.location(self.context.connections) else {
            self.report_no_connection("source", &source.connection);
            return None;
        };
        let faults = check_inquiry(location.connection.kind, &location.inquiry);
        let is_right = faults.is_empty();
        for fault in faults {
            let field = fault.location.field.clone().unwrap_or_default();
            let message = format!("the source “{}”: {}", source.title, fault.message);
            // The place in the source is told in words, the step has one setting for it.
            let help = fault.help.clone().unwrap_or_default();
            let help = if field.is_empty() { help } else { format!("{help} (`{field}` of the source)") };
            self.report(Diagnostic { message, ..fault }.help(help).field("source"));
        }
        is_right.then(|| Some(Box::new(location)))
    }

    /// The connection that a setting names; reported where there is none.
    pub(super) fn report_no_connection(&mut self, field: &str, id: &str) {
        let all = self.context.connections;
        let near = did_you_mean(id, all.keys().map(String::as_str));
        let help = if all.is_empty() {
            "add one first: “From an API or a database” among the sources".to_owned()
        } else {
            let titles =
                all.values().take(8).map(|connection| format!("`{}` (“{}”)", connection.id, connection.shown()));
            format!("choose one of {}", titles.collect::<Vec<_>>().join(", "))
        };
        let message = match id.is_empty() {
            true => "no connection is chosen".to_owned(),
            false => format!("there is no connection `{id}`{near}"),
        };
        self.report(Diagnostic::error("PW0649", message).help(help).field(field));
    }

    /// Columns that are declared of a format that never makes them: null in every row.
    fn report_columns_never_made(&mut self, title: &str, declared: &Schema, made: &Schema) {
        let never: Vec<String> =
            declared.names().filter(|name| !made.has(name)).map(|name| format!("`{name}`")).collect();
        if never.is_empty() {
            return;
        }
        let message =
            format!("the format of the source “{title}” makes no column {}: null in every row", never.join(", "));
        let help = format!(
            "its columns are {}; let a sample show them again, or correct the format's options",
            made.names().collect::<Vec<_>>().join(", ")
        );
        self.report(Diagnostic::warning("PW0496", message).help(help).field("source"));
    }

    /// Made-up rows of a source that does not exist yet.
    pub(super) fn push_planned(&mut self, source: &Source) -> Option<NodeId> {
        let Some(planned) = &source.planned else { return self.push_read(source, false) };
        let schema = source.schema.clone().unwrap_or_default();
        if schema.is_empty() {
            let message = format!("the planned source “{}” declares no columns", source.title);
            self.report(
                Diagnostic::error("PW0324", message)
                    .help("declare the columns that are asked for, with their types")
                    .field("source"),
            );
            return None;
        }
        self.report_unknown_values(planned.values.keys(), &schema);
        let schema = self.labelled(source, schema);
        let read = Read {
            path: String::new(),
            format: FormatSpec { extra: Map::new(), ..source.format.clone().unwrap_or_default() },
            schema,
            columns: None,
            position: false,
            planned: Some(Planned {
                source: source.title.clone(),
                owner: source.owner.clone(),
                status: planned.status.clone(),
                seed: planned.seed,
                rows: planned.rows,
                values: planned.values.clone(),
            }),
            location: None,
        };
        self.push_from("source", Op::Read(read), Vec::new())
    }

    fn report_unknown_values<'a>(&mut self, names: impl Iterator<Item = &'a String>, schema: &Schema) {
        for name in names.filter(|name| !schema.has(name)) {
            let message =
                format!("values are described for `{name}`, which is no column{}", did_you_mean(name, schema.names()));
            self.report(
                Diagnostic::warning("PW0325", message).help("rename the entry, or add the column").field("source"),
            );
        }
    }
}
