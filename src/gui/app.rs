//! The window: drains messages and handles actions (`logic`), draws the panels (`ui`). Panels see the state read-only
//! and push actions; nothing here touches a file or computes rows.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{CentralPanel, Context, Frame, Margin, Panel, Response, ThemePreference, Ui};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::project::Project;

use super::backend::{Backend, FileTask};
use super::canvas::CanvasEvent;
use super::command::{Action, Actions, BottomTab, Command, LeftTab};
use super::dialogs::{on_disk, search};
use super::panels::{
    canvas_panel, coverage, differs, findings, inspector, lines, palette, preview, preview_bar, problems, questions,
    run_panel, sources, start, statusbar, topbar, unread, volume,
};
use super::panels::{flow_view, groups};
use super::settings::{Mode, Settings};
use super::splitters::{Side, splitter_ui};
use super::state::AppState;
use super::state::results::Freshness;
use super::state::view::{Dialog, View};
use super::theme;
use super::{dialogs, fold, keys, present, widgets};

/// The designer.
pub struct App {
    pub(super) state: AppState,
    pub(super) view: View,
    pub(super) backend: Backend,
    pub(super) actions: Actions,
    /// Settings as they were written last.
    written: Settings,
    /// Title of the window as it was set last.
    title: String,
}

impl App {
    /// The designer with `files` opened; none: the start screen. `home`: the user's configuration folder.
    pub fn new(ctx: &Context, home: Option<PathBuf>, settings: Settings, files: Vec<PathBuf>) -> Self {
        theme::apply(ctx, preference(settings.mode));
        ctx.set_zoom_factor(settings.scale.clamp(0.5, 3.0));
        let waker = ctx.clone();
        let mut backend = Backend::start(home, Arc::new(move || waker.request_repaint()));
        let mut actions = Actions::default();
        if files.is_empty() {
            backend.file(FileTask::LookForUntitled);
        } else {
            actions.push(Action::OpenPaths { paths: files, at: None });
        }
        let written = settings.clone();
        Self { state: AppState::new(settings), view: View::default(), backend, actions, written, title: String::new() }
    }

    /// The project that is open.
    pub fn project(&self) -> &Project {
        &self.state.project
    }

    /// Everything that is wrong with it.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.state.problems
    }

    /// Rows that leave a step's output, as the preview knows them.
    pub fn rows(&self, step: &str, output: &str) -> Option<u64> {
        let is_fresh = self.state.results.freshness(&self.state.plan, step, output) == Freshness::Fresh;
        self.state.results.rows(step, output).filter(|_| is_fresh).map(|found| found.rows)
    }

    /// Whether nothing is being computed, read, recognised or written.
    pub fn is_idle(&self) -> bool {
        let state = &self.state;
        let is_waiting = state.results.computing
            || state.saving
            || state.export.busy
            || state.share.busy
            || state.present.looking.is_some()
            || state.run.active.is_some()
            || state.findings.looking.is_some()
            || state.findings.differs.values().any(Option::is_none)
            || state.planning.is_looking()
            || state.volume.looking.is_some()
            || state.pins.looking.is_some()
            || state.pins.pinning
            || state.compared.as_ref().is_some_and(|compared| compared.pairs.is_none())
            || state.charted.as_ref().is_some_and(|charted| charted.drawn.is_none())
            || state.ways.as_ref().is_some_and(|ways| ways.outcome.is_none())
            || state.shares.asked.is_some()
            || state.key_fit.as_ref().is_some_and(|fit| fit.found.is_none())
            || state.arranged.as_ref().is_some_and(|arranged| arranged.rows.is_none())
            || state.differs.as_ref().is_some_and(|differs| differs.looking.is_some())
            || state.lines.as_ref().is_some_and(|lines| lines.looking.is_some())
            || state.planning.asking.is_some()
            || matches!(&self.view.dialog, Some(Dialog::Patterns(shown)) if shown.outcome.is_none());
        !is_waiting && state.sniffing.is_empty() && self.actions.is_empty()
    }

    /// Whether there are changes that the file does not have.
    pub fn is_dirty(&self) -> bool {
        self.state.is_dirty()
    }

    /// Takes in what came and does what was asked for.
    pub fn advance(&mut self, ctx: &Context) {
        for message in self.backend.drain() {
            self.handle_message(ctx, message);
        }
        for reply in self.backend.previews() {
            if reply.result.as_ref().is_ok_and(|result| !result.from_cache) {
                self.state.exact.read_again(reply.hash);
            }
            self.state.results.take(reply);
        }
        for (hash, profile) in self.backend.profiles() {
            self.state.results.set_profile(hash, Arc::new(profile));
        }
        self.take_drops(ctx);
        if ctx.input(|input| input.events.contains(&egui::Event::WindowFocused(true))) {
            self.backend.file(FileTask::Look);
            // Files that changed meanwhile are read again; of the others the rows are known.
            if self.state.is_open {
                self.request_preview();
            }
        }
        self.take_close(ctx);
        present::take_keys(ctx, &self.view, &mut self.actions);
        keys::take_keys(ctx, &self.state, &self.view, &mut self.actions);
        for action in self.actions.take() {
            self.handle(ctx, action);
        }
        self.follow();
        self.scan_where_needed(ctx);
        self.name_window(ctx);
    }

    fn name_window(&mut self, ctx: &Context) {
        let mark = if self.state.is_open && self.state.is_dirty() { " •" } else { "" };
        let title = match self.state.is_open {
            true => format!("{}{mark} – Pipewright", self.state.project.name),
            false => "Pipewright".to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// Brings everything that hangs on the project up to date.
    fn follow(&mut self) {
        if self.state.is_open && self.state.follow() {
            self.request_preview();
        }
        self.look_where_needed();
        self.test_pins();
        if let Some((path, pinned)) = self.state.missing_policy() {
            self.backend.policy(path, Some(pinned), self.state.base());
        }
        let drawn = Some((self.state.project.revision(), self.state.results.version, self.state.results.computing));
        if self.view.drawn != drawn {
            self.view.drawn = drawn;
            self.state.gather_problems();
            self.view.scene = flow_view::scene(&self.state, self.view.scene.revision + 1);
            let cards = groups::folded(&self.state.project, &self.state.selection);
            if self.view.canvas.selection().steps != cards.steps {
                self.view.canvas.select(cards);
            }
        }
        self.profile_shown();
        if self.state.settings != self.written {
            self.written = self.state.settings.clone();
            self.backend.file(FileTask::SaveSettings(Box::new(self.written.clone())));
        }
    }

    pub(super) fn request_preview(&mut self) {
        let watch = self.state.watched();
        self.state.results.computing = !watch.is_empty();
        self.state.results.version += 1;
        let (plan, base, parameters) = (self.state.previewed.clone(), self.state.base(), self.state.parameters());
        self.backend.request_preview(plan, watch, base, parameters);
    }

    /// Asks for the profile of the table that the preview shows.
    fn profile_shown(&mut self) {
        let Some((step, port)) = preview::shown_port(&self.state, &self.view.preview) else { return };
        let Some(outcome) = self.state.results.get(&step, &port) else { return };
        let hash = outcome.hash;
        if let Ok(found) = &outcome.result {
            let table = found.table.clone();
            if self.state.results.wants_profile(hash) {
                self.backend.profile(hash, table);
            }
        }
    }

    /// Files dropped on the window.
    fn take_drops(&mut self, ctx: &Context) {
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            let at = ctx.pointer_latest_pos().map(|pointer| self.view.canvas.canvas_point(pointer));
            self.actions.push(Action::OpenPaths { paths: dropped, at });
        }
    }

    /// The window is asked to close: unsaved work first, then the files, then the end.
    fn take_close(&mut self, ctx: &Context) {
        if ctx.input(|input| input.viewport().close_requested()) && !self.view.may_close {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            if !self.view.closing {
                self.actions.command(Command::Quit);
            }
        }
        /// A cancelled run takes its staged files away; no longer than this is waited for it.
        const CLEANING: f64 = 5.0;
        if let Some(since) = self.view.closed_at.filter(|_| !self.view.may_close) {
            let is_over = ctx.input(|input| input.time) - since > CLEANING;
            if self.state.run.active.is_none() || is_over {
                self.view.may_close = true;
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            } else {
                ctx.request_repaint_after_secs(0.05);
            }
        }
    }

    /// Draws everything.
    pub fn draw(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        if ui.available_size().min_elem() < 1.0 {
            return;
        }
        let bar = |ui: &Ui| Frame::new().fill(ui.visuals().panel_fill).inner_margin(Margin::symmetric(12, 0));
        let (state, view, out) = (&self.state, &mut self.view, &mut self.actions);
        if view.present.is_some() {
            present::present_ui(ui, state, view, out);
            dialogs::dialogs_ui(&ctx, state, view, out);
            if !self.actions.is_empty() {
                ctx.request_repaint();
            }
            return;
        }
        Panel::top("top bar").frame(bar(ui)).exact_size(40.0).show(ui, |ui| topbar::top_bar_ui(ui, state, out));
        if !state.is_open {
            start::start_ui(ui, state, out);
        } else {
            if on_disk::has_lines(state) {
                Panel::top("lines").frame(Frame::new()).show(ui, |ui| on_disk::lines_ui(ui, state, out));
            }
            Panel::bottom("status").frame(bar(ui)).exact_size(24.0).show(ui, |ui| {
                statusbar::status_bar_ui(ui, state, view, out);
            });
            self.panels(ui);
        }
        let (state, view, out) = (&self.state, &mut self.view, &mut self.actions);
        palette::popup_ui(&ctx, state, view, out);
        search::search_ui(&ctx, state, view, out);
        dialogs::dialogs_ui(&ctx, state, view, out);
        dialogs::notice_ui(&ctx, state, out);
        if !self.actions.is_empty() {
            ctx.request_repaint();
        }
    }

    fn panels(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let room = ui.available_size();
        let (state, view, out) = (&self.state, &mut self.view, &mut self.actions);
        let plain = |ui: &Ui| Frame::new().fill(ui.visuals().panel_fill);
        fold::follow(&ctx, state, view);
        let size = |side: Side| side.size(&state.settings, room);
        let mut borders = Vec::new();
        // In a low window a card wants height more than rows want width: there the inspector goes down to the last line.
        let is_beside = room.y < LOW && !view.fold.sides;
        if is_beside {
            borders.push((Side::Right, right_ui(ui, size(Side::Right), state, view, out)));
        }
        let below;
        if view.fold.is_low {
            let tabs = Panel::bottom("tabs").frame(plain(ui)).exact_size(TABS);
            below = tabs.show(ui, |ui| tabs_ui(ui, state, view, out)).response.rect;
        } else {
            let bottom = Panel::bottom("bottom").frame(plain(ui)).resizable(false).exact_size(size(Side::Bottom));
            let bottom = bottom.show(ui, |ui| bottom_ui(ui, state, view, out));
            below = bottom.response.rect;
            borders.push((Side::Bottom, below));
        }
        if !view.fold.sides {
            let left = Panel::left("left").frame(plain(ui)).resizable(false).exact_size(size(Side::Left));
            let left = left.show(ui, |ui| left_ui(ui, state, view, out));
            borders.push((Side::Left, left.response.rect));
            if !is_beside {
                borders.push((Side::Right, right_ui(ui, size(Side::Right), state, view, out)));
            }
        }
        let canvas = theme::palette(&ctx).canvas;
        let events = CentralPanel::default()
            .frame(Frame::new().fill(canvas))
            .show(ui, |ui| canvas_panel::canvas_ui(ui, state, view, out))
            .inner;
        let panel_of = |at| match borders.iter().find(|(_, rect)| rect.contains(at)) {
            Some((Side::Left, _)) => 0,
            Some((Side::Right, _)) => 2,
            _ if below.contains(at) => 3,
            _ => 1,
        };
        let is_seen = |focused: &Response| focused.layer_id == ui.layer_id() && focused.interact_rect.is_positive();
        if let Some(focused) = widgets::focused_response(&ctx).filter(is_seen) {
            view.stand_in_panel(panel_of(focused.interact_rect.center()));
        }
        self.take_canvas_events(events);
        for (side, panel) in borders {
            if let Some(size) = splitter_ui(ui, side, panel, room) {
                *side.kept(&mut self.state.settings) = size;
            }
        }
        // The size of the window is remembered when a drag of its border ends.
        if !ctx.input(|input| input.pointer.any_down()) {
            let settings = &mut self.state.settings;
            settings.scale = ctx.zoom_factor();
            if let Some(window) = ctx.input(|input| input.viewport().inner_rect).filter(|window| window.is_positive()) {
                settings.window = [window.width().round(), window.height().round()];
            }
        }
    }

    fn take_canvas_events(&mut self, events: Vec<CanvasEvent>) {
        for event in events {
            canvas_panel::take_event(event, &mut self.state, &mut self.view, &mut self.actions);
        }
    }
}

/// Height under which a window is low, without its bars.
const LOW: f32 = 800.0;

/// The inspector; gives its place.
fn right_ui(ui: &mut Ui, width: f32, state: &AppState, view: &mut View, out: &mut Actions) -> egui::Rect {
    let frame = Frame::new().fill(ui.visuals().panel_fill);
    let right = Panel::right("inspector")
        .frame(frame.inner_margin(Margin { left: 16, right: 6, top: 10, bottom: 4 }))
        .resizable(false)
        .exact_size(width)
        .show(ui, |ui| inspector::inspector_ui(ui, state, view, out));
    right.response.rect
}

fn left_ui(ui: &mut Ui, state: &AppState, view: &mut View, out: &mut Actions) {
    ui.take_available_space();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        ui.add_space(theme::SPACE_1);
        for (tab, text) in [
            (LeftTab::Questions, "Questions"),
            (LeftTab::Sources, "Sources"),
            (LeftTab::Steps, "Steps"),
            (LeftTab::Findings, "Findings"),
        ] {
            let is_shown = view.left == tab;
            let response = widgets::tab(ui, text, is_shown);
            if is_shown && view.takes_panel(0) {
                response.request_focus();
            }
            if response.clicked() {
                view.left = tab;
            }
        }
    });
    widgets::hairline(ui);
    match view.left {
        LeftTab::Questions => questions::questions_ui(ui, state, view, out),
        LeftTab::Sources => sources::sources_ui(ui, state, out),
        LeftTab::Steps => palette::palette_ui(ui, state, view, out),
        LeftTab::Findings => findings::findings_ui(ui, state, out),
    }
}

/// Height of the tabs below, with nothing under them.
const TABS: f32 = 32.0;

fn bottom_ui(ui: &mut Ui, state: &AppState, view: &mut View, out: &mut Actions) {
    ui.take_available_space();
    tabs_ui(ui, state, view, out);
    widgets::hairline(ui);
    match view.bottom {
        BottomTab::Preview => preview::preview_ui(ui, state, view, out),
        BottomTab::Unread => unread::unread_ui(ui, state, out),
        BottomTab::Problems => problems::problems_ui(ui, state, view, out),
        BottomTab::Coverage => coverage::coverage_ui(ui, state, view, out),
        BottomTab::Differs => differs::differs_ui(ui, state, view, out),
        BottomTab::Lines => lines::lines_ui(ui, state, view, out),
        BottomTab::Volume => volume::volume_ui(ui, state, view, out),
        BottomTab::Run => run_panel::run_ui(ui, state, out),
    }
}

/// The tabs of the panel below; a click on one opens the panel.
fn tabs_ui(ui: &mut Ui, state: &AppState, view: &mut View, out: &mut Actions) {
    let unread = unread::count(state);
    ui.horizontal(|ui| {
        ui.add_space(theme::SPACE_2);
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        let with_count = |text: &str, count: usize| if count > 0 { format!("{text} {count}") } else { text.to_owned() };
        for (tab, text) in [
            (BottomTab::Preview, "Preview".to_owned()),
            (BottomTab::Unread, with_count("Unread", unread as usize)),
            (BottomTab::Problems, with_count("Problems", state.problems.len())),
            (BottomTab::Coverage, "Coverage".to_owned()),
            (BottomTab::Differs, "What differs".to_owned()),
            (BottomTab::Lines, "Raw lines".to_owned()),
            (BottomTab::Volume, "Volume".to_owned()),
            (BottomTab::Run, "Run".to_owned()),
        ] {
            let is_shown = view.bottom == tab;
            let response = widgets::tab(ui, &text, is_shown && !view.fold.is_low);
            if is_shown && view.takes_panel(3) {
                response.request_focus();
            }
            if response.clicked() {
                view.bottom = tab;
                view.fold.open();
            }
        }
        if view.bottom == BottomTab::Preview {
            preview_bar::header_ui(ui, state, view, out);
        }
    });
}

/// egui's word for a mode.
pub fn preference(mode: Mode) -> ThemePreference {
    match mode {
        Mode::System => ThemePreference::System,
        Mode::Dark => ThemePreference::Dark,
        Mode::Light => ThemePreference::Light,
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
