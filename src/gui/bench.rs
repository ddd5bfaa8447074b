//! Measures the designer without a window: a table of the preview while it scrolls, and the way from nothing to the
//! first frame that shows a project. Run by `pipewright bench table` and `bench start`.

use std::sync::Arc;
use std::time::Instant;

use egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, RawInput, Rect, TouchPhase, Ui, Vec2, pos2, vec2,
};
use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::PrivateFolder;
use pipewright_core::project::{Project, save_file};
use serde_json::json;

use super::actions::edits::insert;
use super::app::App;
use super::backend::{NodeResult, ResultTable};
use super::command::Actions;
use super::panels::preview::table_ui;
use super::settings::Settings;
use super::state::AppState;
use super::state::view::View;
use super::theme;

const SCREEN: Vec2 = vec2(1600.0, 1000.0);

/// What was measured, in milliseconds, with its budget.
pub type Measured = (String, f64, f64);

/// One frame of a window without a window, tessellation included.
fn frame(ctx: &Context, time: &mut f64, events: Vec<Event>, draw: impl FnMut(&mut Ui)) -> f64 {
    *time += 1.0 / 60.0;
    let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), SCREEN));
    let input = RawInput { screen_rect, time: Some(*time), events, ..RawInput::default() };
    let start = Instant::now();
    let mut output = ctx.run_ui(input, draw);
    let shapes = std::mem::take(&mut output.shapes);
    let meshes = ctx.tessellate(shapes, output.pixels_per_point);
    let passed = start.elapsed().as_secs_f64() * 1000.0;
    drop(meshes);
    output.drop_without_applying_deltas();
    passed
}

/// A table of the preview with that many rows and columns, while it scrolls down and to the side.
pub fn table(rows: usize, columns: usize) -> Vec<Measured> {
    const BUDGET: f64 = 4.0;
    const FRAMES: usize = 120;
    let schema = Schema::of([("path", DataType::String), ("bytes", DataType::Int), ("seconds", DataType::Float)]);
    let few: Vec<Vec<Value>> = (0..rows.min(1000) as i64)
        .map(|n| vec![Value::String(format!("/page/{n}")), Value::Int(n * 37), Value::float(n as f64 / 8.0)])
        .collect();
    let table = Arc::new(ResultTable::from_rows(&schema, &few).repeated(rows, columns));
    let result = NodeResult::of_table(table);
    let state = AppState::new(Settings::default());
    ["down", "sideways"]
        .into_iter()
        .map(|way| {
            let (ctx, mut time, mut view, mut out) = (Context::default(), 0.0, View::default(), Actions::default());
            theme::apply(&ctx, egui::ThemePreference::Dark);
            let mut draw = |events: Vec<Event>, time: &mut f64| {
                frame(&ctx, time, events, |ui| {
                    table_ui(ui, &state, ("step", "out"), &result, None, &mut view, &mut out);
                    drop(out.take());
                })
            };
            for _ in 0..10 {
                draw(vec![Event::PointerMoved(pos2(800.0, 500.0))], &mut time);
            }
            let delta = if way == "down" { vec2(0.0, -173.0) } else { vec2(-97.0, 0.0) };
            let passed: f64 = (0..FRAMES).map(|_| draw(vec![wheel(delta)], &mut time)).sum();
            (format!("{rows} rows × {columns} columns, {way}"), passed / FRAMES as f64, BUDGET)
        })
        .collect()
}

fn wheel(delta: Vec2) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta,
        phase: TouchPhase::Move,
        source: MouseWheelSource::Trackpad,
        modifiers: Modifiers::NONE,
    }
}

/// From nothing to the first frame that shows a project of that many steps.
///
/// # Errors
/// Where no project can be written into a folder of its own.
pub fn start(steps: usize) -> Result<Vec<Measured>, Diagnostic> {
    const BUDGET: f64 = 400.0;
    let folder = PrivateFolder::new()?;
    let file = folder.path().join("bench.pipewright.json");
    save_file(&file, &chain(steps))?;
    let passed = first_frame(&file, steps);
    Ok(vec![(format!("start to the first frame, {steps} steps"), passed, BUDGET)])
}

/// A project of steps that follow each other, a table first.
fn chain(steps: usize) -> Project {
    let mut project = Project::new("bench");
    let columns = json!([{"name": "status", "type": "Int"}]);
    let mut edits = vec![insert(
        "steps",
        json!({"id": "s0", "kind": "table", "title": "Rows", "x": 0, "y": 0,
               "settings": {"columns": columns, "rows": [[200], [500]]}}),
    )];
    for n in 1..steps {
        let (x, y) = ((n % 10) * 288, (n / 10) * 144);
        let settings = json!({"predicate": format!("status >= {n}")});
        edits.push(insert(
            "steps",
            json!({"id": format!("s{n}"), "kind": "filter", "title": format!("Filter {n}"), "x": x, "y": y,
                   "settings": settings}),
        ));
        let wire = json!({"id": format!("w{n}"), "from": format!("s{}", n - 1), "to": format!("s{n}")});
        edits.push(insert("wires", wire));
    }
    // What is made here fits together.
    let _ = project.apply(&edits);
    project
}

fn first_frame(file: &std::path::Path, steps: usize) -> f64 {
    /// Nobody waits longer for a window.
    const LONGEST: f64 = 60_000.0;
    let begin = Instant::now();
    let (ctx, mut time) = (Context::default(), 0.0);
    let mut app = App::new(&ctx, None, Settings::default(), vec![file.to_owned()]);
    loop {
        app.advance(&ctx);
        frame(&ctx, &mut time, Vec::new(), |ui| app.draw(ui));
        let passed = begin.elapsed().as_secs_f64() * 1000.0;
        if app.view.scene.steps.len() >= steps || passed > LONGEST {
            return passed;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_and_starts_are_measured() {
        let found = super::table(2000, 20);
        assert!(found.len() == 2 && found.iter().all(|(_, value, _)| *value > 0.0), "{found:?}");
        assert_eq!(super::chain(12).wires.len(), 11);
        let found = super::start(12).unwrap();
        assert!(found[0].1 > 0.0 && found[0].1 < 60_000.0, "{found:?}");
    }
}
