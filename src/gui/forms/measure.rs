//! Measures and window calculations put together of a function, a column and the rows that it looks at; what is put
//! together in no such way is written by hand.

use egui::{Align, Layout, RichText, Ui, vec2};
use pipewright_core::data::{DataType, Schema};
use pipewright_core::expr::{
    self, ArgType, Call, Expr, ExprKind, Function, FunctionKind, Place, function, functions, print_name,
};
use serde_json::Value as Json;

use super::FieldUi;
use super::columns::{BY_HAND, by_hand, column_choices, direction_ui};
use crate::gui::actions::edits;
use crate::gui::theme;
use crate::gui::widgets::{Check, Choice, checks_popup, link, picker};

/// Stands for all rows in `count(*)`.
const ALL_ROWS: &str = "*";

/// A call that a builder can show.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    pub function: String,
    /// `None`: it looks at no column, as `count(*)`.
    pub column: Option<String>,
    pub over: Option<BuiltOver>,
}

/// The rows that a window calculation looks at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BuiltOver {
    pub partition: Vec<String>,
    /// With whether it goes downwards.
    pub order: Vec<(String, bool)>,
}

impl Built {
    /// A text as a builder shows it; `None`: it is more than that.
    pub fn of(text: &str) -> Option<Built> {
        let ExprKind::Call(call) = expr::parse(text).ok()?.kind else { return None };
        let Call { function: name, args, distinct, order, filter, over } = call;
        if distinct || !order.is_empty() || filter.is_some() || args.len() > 1 {
            return None;
        }
        let known = function(&name)?;
        let column = match args.first() {
            Some(arg) => Some(column_of(arg)?),
            None if known.min_args == 0 => None,
            None => return None,
        };
        let over = match over {
            Some(over) if over.frame.is_some() => return None,
            Some(over) => Some(BuiltOver {
                partition: over.partition.iter().map(column_of).collect::<Option<_>>()?,
                order: over
                    .order
                    .iter()
                    .map(|key| Some((column_of(&key.expr)?, key.descending)))
                    .collect::<Option<_>>()?,
            }),
            None => None,
        };
        Some(Built { function: name, column, over })
    }

    pub fn text(&self) -> String {
        let inner = match &self.column {
            Some(column) => print_name(column),
            None if self.function == "count" => ALL_ROWS.to_owned(),
            None => String::new(),
        };
        format!("{}({inner}){}", self.function, self.over.as_ref().map(BuiltOver::text).unwrap_or_default())
    }

    /// What the column is called that nobody gave a name.
    pub fn name(&self) -> String {
        let letters = |text: &str| {
            text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>().to_lowercase()
        };
        match (&self.column, self.function.as_str()) {
            (None, "count") => "rows".to_owned(),
            (None, function) => function.to_owned(),
            (Some(column), "count_distinct") => format!("distinct_{}", letters(column)),
            (Some(column), function) => format!("{function}_{}", letters(column)),
        }
    }
}

impl BuiltOver {
    fn text(&self) -> String {
        let order = |(column, descending): &(String, bool)| {
            format!("{}{}", print_name(column), if *descending { " desc" } else { "" })
        };
        let mut parts = Vec::new();
        if !self.partition.is_empty() {
            let names: Vec<String> = self.partition.iter().map(|name| print_name(name)).collect();
            parts.push(format!("partition by {}", names.join(", ")));
        }
        if !self.order.is_empty() {
            parts.push(format!("order by {}", self.order.iter().map(order).collect::<Vec<_>>().join(", ")));
        }
        format!(" over ({})", parts.join(" "))
    }
}

fn column_of(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(name) => Some(name.clone()),
        _ => None,
    }
}

/// The function that a text calls, and nothing else.
fn called(text: &str) -> Option<String> {
    match expr::parse(text).ok()?.kind {
        ExprKind::Call(call) => Some(call.function),
        _ => None,
    }
}

/// What a builder writes for a function: over the column before, where it fits, else over the first that does.
fn written(picked: &Function, before: Option<&str>, schema: &Schema, place: Place, over: Option<BuiltOver>) -> String {
    let fits = |field: &&pipewright_core::data::Field| picked.arg(0).accepts(&field.data_type);
    let column = before.and_then(|name| schema.get(name)).filter(fits).or_else(|| schema.fields.iter().find(fits));
    let column = column.map(|field| field.name.clone());
    let first_time = schema.fields.iter().find(|field| field.data_type == DataType::Timestamp);
    let order = first_time.or(schema.fields.first()).map(|field| field.name.clone()).unwrap_or_default();
    let over = (place == Place::Window).then(|| {
        let mut over = over.unwrap_or_default();
        if over.order.is_empty() && picked.kind == FunctionKind::Window {
            over.order.push((order.clone(), false));
        }
        over
    });
    let shown = print_name(column.as_deref().unwrap_or_default());
    let rest = over.as_ref().map(BuiltOver::text).unwrap_or_default();
    match picked.name {
        _ if picked.max_args == Some(0) || picked.name == "count" => {
            Built { function: picked.name.to_owned(), column: None, over }.text()
        }
        _ if picked.args.first() == Some(&ArgType::Boolean) && column.is_none() => format!("{}(){rest}", picked.name),
        "quantile" => format!("quantile({shown}, 0.95){rest}"),
        "string_agg" => format!("string_agg({shown}, ', '){rest}"),
        "first" | "last" if place == Place::Aggregate => {
            format!("{}({shown} order by {})", picked.name, print_name(&order))
        }
        name => Built { function: name.to_owned(), column, over }.text(),
    }
}

impl FieldUi<'_, '_> {
    /// A measure or a window calculation: its parts, or what is written by hand.
    pub(super) fn measure_ui(&mut self, ui: &mut Ui, input: &str, place: Place) {
        let text = self.scope.text(self.field.name).to_owned();
        let Some(schema) = self.scope.schema(input).filter(|schema| !schema.is_empty()) else {
            self.expression_ui(ui, input, place);
            return;
        };
        let built = Built::of(&text).filter(|_| !self.is_by_hand());
        if self.is_by_hand() || built.is_none() && !text.trim().is_empty() {
            if !self.is_by_hand() {
                self.function_ui(ui, &text, schema, place);
            }
            self.expression_ui(ui, input, place);
            if self.is_by_hand()
                && (text.trim().is_empty() || Built::of(&text).is_some())
                && link(ui, "Pick function and column").clicked()
            {
                self.turn_by_hand(false);
            }
            return;
        }
        let room = (ui.available_width() - theme::SPACE_1).max(160.0);
        let colour = theme::palette(ui.ctx()).text;
        let name = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), theme::body(), colour).size().x;
        // A picker has its margins and its arrow beside the name.
        const BESIDE: f32 = 44.0;
        let wide = built.as_ref().map_or([0.0; 2], |built| {
            [name(&built.function), name(built.column.as_deref().unwrap_or("all rows"))].map(|name| name + BESIDE)
        });
        if wide[0] + wide[1] <= room {
            let first = (room * 0.5).clamp(wide[0], room - wide[1]);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::SPACE_1;
                let size = |width: f32| vec2(width, theme::CONTROL_HEIGHT);
                ui.allocate_ui(size(first), |ui| self.function_ui(ui, &text, schema, place));
                if let Some(built) = &built {
                    ui.allocate_ui(size(room - first), |ui| self.measured_ui(ui, built, schema, input));
                }
            });
        } else {
            // Half a name tells nothing: each has a line of its own.
            self.function_ui(ui, &text, schema, place);
            ui.add_space(theme::SPACE_1);
            if let Some(built) = &built {
                self.measured_ui(ui, built, schema, input);
            }
        }
        if let Some(built) = built.as_ref().filter(|_| place == Place::Window) {
            self.over_ui(ui, built, schema, input);
        }
        self.verdict_ui(ui, &text, input, place);
    }

    /// The picker of the function; what is picked is written with a column that fits it.
    fn function_ui(&mut self, ui: &mut Ui, text: &str, schema: &Schema, place: Place) {
        let fits = |function: &&Function| match function.kind {
            FunctionKind::Scalar => false,
            FunctionKind::Aggregate => true,
            FunctionKind::Window => place == Place::Window,
        };
        let choice = |function: &Function| Choice {
            value: function.name.to_owned(),
            label: String::new(),
            detail: function.doc.split(['.', ';', ':']).next().unwrap_or_default().replace('`', ""),
        };
        let choices = || {
            // What only windows know comes first where windows are meant.
            let mut known: Vec<&Function> = functions().iter().filter(fits).collect();
            known.sort_by_key(|function| function.kind != FunctionKind::Window);
            known.into_iter().map(choice).chain([by_hand()]).collect()
        };
        let called = called(text).unwrap_or_default();
        let shown = if called.is_empty() && !text.trim().is_empty() { "an expression…" } else { &called };
        match picker(ui, &format!("Function of {}", self.field.label), shown, false, choices) {
            Some(picked) if picked == BY_HAND => self.turn_by_hand(true),
            Some(picked) => {
                let Some(picked) = function(&picked) else { return };
                let before = Built::of(text);
                let column = before.as_ref().and_then(|built| built.column.as_deref());
                let over = before.as_ref().and_then(|built| built.over.clone());
                let new = written(picked, column, schema, place, over);
                // What still wants a condition is written on at once.
                if new.contains("()") && picked.max_args != Some(0) {
                    self.turn_by_hand(true);
                }
                self.store_built(text, &new);
            }
            None => {}
        }
    }

    /// The picker of the column that a function looks at.
    fn measured_ui(&mut self, ui: &mut Ui, built: &Built, schema: &Schema, input: &str) {
        let Some(known) = function(&built.function).filter(|known| known.max_args != Some(0)) else { return };
        let choices = || {
            let fits =
                |choice: &Choice| schema.get(&choice.value).is_some_and(|field| known.arg(0).accepts(&field.data_type));
            let mut choices = column_choices(Some(schema), self.scope.rows(input), &[]);
            choices.retain(fits);
            if known.name == "count" {
                let all = Choice { value: ALL_ROWS.into(), label: "all rows".into(), detail: "nulls too".into() };
                choices.insert(0, all);
            }
            choices
        };
        let shown = built.column.as_deref().unwrap_or("all rows");
        let is_wrong = built.column.as_ref().is_some_and(|name| !schema.open && !schema.has(name));
        if let Some(picked) = picker(ui, &format!("Column of {}", self.field.label), shown, is_wrong, choices) {
            let column = (picked != ALL_ROWS).then_some(picked);
            self.store_built(&built.text(), &Built { column, ..built.clone() }.text());
        }
    }

    /// For each of what, and in which order, a window calculation looks at rows.
    fn over_ui(&mut self, ui: &mut Ui, built: &Built, schema: &Schema, input: &str) {
        let over = built.over.clone().unwrap_or_default();
        let mut next = over.clone();
        let palette = theme::palette(ui.ctx());
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::SPACE_1;
            ui.label(RichText::new("for each").color(palette.soft));
            let shown = if over.partition.is_empty() { "all rows".to_owned() } else { over.partition.join(", ") };
            let checks = || {
                let check = |choice: Choice| Check {
                    is_on: over.partition.contains(&choice.value),
                    name: choice.value,
                    detail: choice.detail,
                };
                column_choices(Some(schema), self.scope.rows(input), &[]).into_iter().map(check).collect()
            };
            let label = format!("For each of {}", self.field.label);
            if let Some((column, is_on)) = checks_popup(ui, &label, &shown, checks) {
                next.partition.retain(|name| *name != column && !column.is_empty());
                match (is_on, column.is_empty()) {
                    (true, true) => next.partition = schema.names().map(str::to_owned).collect(),
                    (true, false) => next.partition.push(column),
                    (false, _) => {}
                }
            }
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::SPACE_1;
            ui.label(RichText::new("in order of").color(palette.soft));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let first = over.order.first().cloned();
                if let Some((_, descending)) = &first
                    && direction_ui(ui, *descending).clicked()
                {
                    next.order[0].1 = !descending;
                }
                let shown: Vec<&str> = over.order.iter().map(|(name, _)| name.as_str()).collect();
                let choices = || column_choices(Some(schema), self.scope.rows(input), &[]);
                if let Some(picked) =
                    picker(ui, &format!("Order of {}", self.field.label), &shown.join(", "), false, choices)
                {
                    next.order = vec![(picked, first.is_some_and(|(_, descending)| descending))];
                }
            });
        });
        if next != over {
            self.store_built(&built.text(), &Built { over: Some(next), ..built.clone() }.text());
        }
    }

    /// Stores a text that was put together, and with it the name that nobody gave.
    fn store_built(&mut self, before: &str, new: &str) {
        let scope = self.scope;
        let label = format!("set {}", scope.label_of(self.field.name));
        let mut batch = vec![edits::set(scope.item, &scope.edit_path(self.field.name), Json::from(new))];
        let name = scope.text("name");
        let is_own = name.is_empty() || Built::of(before).is_some_and(|built| self.free_name(&built) == name);
        if !scope.path.is_empty()
            && is_own
            && let Some(built) = Built::of(new)
        {
            batch.push(edits::set(scope.item, &scope.edit_path("name"), Json::from(self.free_name(&built))));
        }
        self.out.edit(label, batch);
    }

    /// The name that a call gives, or that with a number where another item of the step has it.
    fn free_name(&self, built: &Built) -> String {
        let lists = self.scope.state.project.steps.get(self.scope.owner).map(|step| &step.settings);
        let items = lists.into_iter().flat_map(|settings| settings.values()).filter_map(Json::as_array).flatten();
        let others: Vec<&str> = items
            .filter(|item| item.get("id").and_then(Json::as_str) != Some(self.scope.item))
            .filter_map(|item| item.get("name")?.as_str())
            .collect();
        let wanted = built.name();
        let mut names = std::iter::once(wanted.clone()).chain((2..100).map(|number| format!("{wanted}_{number}")));
        names.find(|name| !others.contains(&name.as_str())).unwrap_or(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_is_read_back() {
        for text in [
            "count(*)",
            "sum(bytes)",
            "count_distinct(\"page size\")",
            "row_number() over (partition by user order by time desc)",
            "lag(time) over (partition by user, page order by time)",
            "sum(bytes) over ()",
        ] {
            assert_eq!(Built::of(text).unwrap().text(), text);
        }
        for text in ["sum(bytes) / count(*)", "quantile(a, 0.9)", "count_if(a > 1)", "first(a order by t)", "bytes", ""]
        {
            assert_eq!(Built::of(text), None, "{text}");
        }
    }

    #[test]
    fn functions_are_written_with_what_they_want() {
        let schema = Schema::of([("page", DataType::String), ("bytes", DataType::Int), ("at", DataType::Timestamp)]);
        let write =
            |name: &str, before: Option<&str>, place| written(function(name).unwrap(), before, &schema, place, None);
        assert_eq!(write("sum", Some("page"), Place::Aggregate), "sum(bytes)", "text has no sum");
        assert_eq!(write("max", Some("page"), Place::Aggregate), "max(page)");
        assert_eq!(write("count", Some("page"), Place::Aggregate), "count(*)");
        assert_eq!(write("count_if", None, Place::Aggregate), "count_if()");
        assert_eq!(write("quantile", None, Place::Aggregate), "quantile(bytes, 0.95)");
        assert_eq!(write("last", None, Place::Aggregate), "last(page order by at)");
        assert_eq!(write("row_number", None, Place::Window), "row_number() over (order by at)");
        // All that is written can be checked, but for conditions that are still to be written.
        for function in functions().iter().filter(|function| function.kind == FunctionKind::Aggregate) {
            let text = write(function.name, None, Place::Aggregate);
            let scope = expr::Scope { schema: &schema, parameters: &Default::default(), place: Place::Aggregate };
            if !text.contains("()") {
                let checked = expr::check(&expr::parse(&text).unwrap(), &scope);
                assert!(checked.is_ok(), "{text}: {checked:?}");
            }
        }
    }

    #[test]
    fn names_tell_what_is_measured() {
        let name = |text: &str| Built::of(text).unwrap().name();
        assert_eq!(name("count(*)"), "rows");
        assert_eq!(name("count_distinct(user)"), "distinct_user");
        assert_eq!(name("sum(\"page size\")"), "sum_page_size");
        assert_eq!(name("row_number() over (order by at)"), "row_number");
    }
}
