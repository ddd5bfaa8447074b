//! The designer: what is drawn and how it is used. Reads the project and pushes edits; may import core and engine,
//! never the command line.

mod actions;
mod app;
mod backend;
mod bench;
pub mod canvas;
mod command;
mod dialogs;
mod fold;
mod forms;
pub mod icons;
mod keys;
mod marked;
mod panels;
mod pictured;
mod present;
mod settings;
mod share;
mod splitters;
mod state;
mod suggestion;
pub mod theme;
mod widgets;
#[cfg(test)]
mod worker_tests;

use std::path::PathBuf;

pub use app::App;
pub use settings::Settings;

/// Opens the designer with these projects or data files; none: the start screen. Ends when the window is closed.
///
/// # Errors
/// A text for the terminal where no window can be opened: no display, or no graphics driver.
pub fn run_designer(files: Vec<PathBuf>) -> Result<(), String> {
    if !has_display() {
        return Err(format!("there is no display here, so the designer cannot open a window\n  {HEADLESS}"));
    }
    let home = pipewright_core::files::settings_folder();
    let settings = home.as_deref().map(Settings::load).unwrap_or_default();
    open_window(home, settings, files).map_err(|error| match error {
        eframe::Error::WinitEventLoop(_) | eframe::Error::Winit(_) => {
            format!("the display cannot be opened, so there is no window for the designer\n  {HEADLESS}")
        }
        error => format!("no graphics driver opens a window for the designer ({error})\n  {HEADLESS}"),
    })
}

/// Milliseconds a frame of the canvas takes at 10,000 steps and 15,000 wires: (what, CPU time of the mean frame, budget).
pub fn bench_canvas() -> Vec<(String, f64, f64)> {
    const BUDGET: f64 = 8.0;
    let times = canvas::bench::bench_frames(10_000, 15_000, "");
    times.into_iter().map(|frames| (frames.name, frames.mean_cpu_ms, BUDGET)).collect()
}

/// Milliseconds a frame of a table of the preview takes while it scrolls, at 1,000,000 rows of 500 columns.
pub fn bench_table() -> Vec<(String, f64, f64)> {
    bench::table(1_000_000, 500)
}

/// Milliseconds from nothing to the first frame that shows a project of 50 steps, without the window itself.
///
/// # Errors
/// Where no project can be written into a folder of its own.
pub fn bench_start() -> Result<Vec<(String, f64, f64)>, pipewright_core::diagnostic::Diagnostic> {
    bench::start(50)
}

/// What works without a window.
const HEADLESS: &str = "help: these verbs need no window: run, check, preview, export, sniff, read, profile, test, \
                        graph; see `pipewright --help`";

/// Whether there is anything to open a window on.
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"].into_iter().any(is_set)
}

fn open_window(home: Option<PathBuf>, settings: Settings, files: Vec<PathBuf>) -> Result<(), eframe::Error> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Pipewright")
        .with_app_id("pipewright")
        .with_inner_size(settings.window)
        .with_min_inner_size([640.0, 400.0]);
    let options = eframe::NativeOptions { viewport, centered: true, ..Default::default() };
    let create = move |context: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        Ok(Box::new(App::new(&context.egui_ctx, home, settings, files)))
    };
    let ended = eframe::run_native("pipewright", options, Box::new(create));
    // A run ends with the window: what it has aside goes, and nothing new is begun until the process ends.
    std::mem::forget(pipewright_core::files::abandon_all());
    ended
}
