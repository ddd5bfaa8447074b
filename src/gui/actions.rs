//! Does what was asked for: commands, edits, runs and exports. The only place, with `app`, that changes
//! the state; every change to the project goes through its history and into the journal.

pub(super) mod clipboard;
mod comments;
pub(super) mod edits;
mod exact;
pub(super) mod files;
mod looks;
mod marks;
mod patterns;
mod pins;
pub mod places;
pub mod room;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use egui::{Context, Pos2, vec2};
use pipewright_app::evidence::seen;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::DesignInfo;
use pipewright_core::ir::parse_parameter;
use pipewright_core::model::Note;
use pipewright_core::planner::findings::Finding;
use pipewright_core::project::{EXTENSION, Edit, Frame};
use pipewright_core::steps::StepKind;
use serde_json::{Value as Json, json};

use super::app::{App, preference};
use super::backend::{ExportTask, FileTask, RunTask};
use super::canvas::{PortRef, Selection, Side, layout};
use super::command::{Action, BottomTab, Browse, Chosen, Command, LeftTab};
use super::panels::canvas_panel::select;
use super::panels::groups;
use super::settings::Mode;
use super::share::Share;
use super::state::arranged::{Arranged, Charted, Compared};
use super::state::counts::KeyFit;
use super::state::view::{Dialog, PalettePopup, Search, Then};
use super::state::{ExportState, Notice, RunState};

impl App {
    /// Does one thing.
    pub(super) fn handle(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Command(command) => self.command(ctx, command),
            Action::Edit { label, edits, joins } => {
                self.edit(ctx, &label, &edits, joins);
            }
            Action::Select { steps, reveal } => {
                let selection = Selection { steps: steps.into_iter().collect(), wires: BTreeSet::new() };
                self.select(selection, reveal);
            }
            Action::Choose(chosen) => {
                self.select(Selection::default(), false);
                self.state.chosen = chosen;
            }
            Action::FocusField { step, field } => {
                if self.state.project.steps.contains_key(&step) {
                    self.select(Selection { steps: [step.clone()].into(), wires: BTreeSet::new() }, true);
                } else if self.state.project.sources.contains_key(&step) {
                    self.state.chosen = Chosen::Source(step.clone());
                }
                self.view.forms.focus = Some((step, field));
            }
            Action::Palette { at, screen, from } => {
                let screen = screen.or_else(|| ctx.pointer_latest_pos()).unwrap_or(ctx.content_rect().center());
                self.view.palette = Some(PalettePopup { at, screen, from, is_new: true, ..PalettePopup::default() });
            }
            Action::Place { kind, at, from } => self.place(ctx, kind, at, from.as_ref()),
            Action::PlaceSource(id) => {
                let Some(source) = self.state.project.sources.get(&id) else { return };
                let placed = edits::place_source(&self.state.project, source, &self.state.selection);
                if self.edit(ctx, "place source", &placed.edits, false) {
                    self.select(Selection { steps: [placed.step].into(), wires: BTreeSet::new() }, true);
                }
            }
            Action::ShowTab(tab) => self.show_tab(tab),
            Action::StartRun { out, parameters, incremental } => self.start_run(ctx, out, parameters, incremental),
            Action::CancelRun => self.backend.cancel_run(),
            Action::LookForFindings => {
                let look = self.backend.find(self.state.project.clone(), self.state.base());
                self.state.findings.looking = Some(look);
            }
            Action::DiffersOfFinding(finding) => {
                self.state.findings.differs.insert(finding.id.clone(), None);
                self.backend.differs_of_finding(self.state.project.clone(), self.state.base(), *finding);
            }
            Action::AcceptFinding(finding) => self.accept_finding(ctx, &finding),
            Action::LookAgain => {
                self.state.planning.evidence.clear();
                self.state.planning.looked_at = None;
            }
            Action::Suggest { question, dials } => self.suggest(ctx, &question, dials),
            Action::PlanGaps => self.plan_gaps(ctx),
            Action::Differs { step, condition } => self.look_at_differences(ctx, step, condition),
            Action::Lines(of) => self.look_at_lines(of),
            Action::LinesWhere { step, condition } => {
                self.select(Selection { steps: [step.clone()].into(), wires: BTreeSet::new() }, true);
                self.view.lines_where = Some((step, condition));
                self.show_tab(BottomTab::Lines);
            }
            Action::PinPolicy(path) => self.backend.policy(path, None, self.state.base()),
            Action::EstimateVolume { price } => {
                let look = self.backend.volume(self.state.project.clone(), self.state.base(), price);
                self.state.volume.looking = Some(look);
                self.state.volume.revision = self.state.project.revision();
            }
            Action::AskForReal(source) => self.view.show_dialog(Dialog::RealFile { source, path: String::new() }),
            Action::ReplacePlanned { source, path } => self.look_at_real(ctx, &source, &path),
            Action::AcceptReal => self.accept_real(ctx),
            Action::ShowCell { question, source } => {
                self.show_tab(BottomTab::Coverage);
                self.view.coverage.cell = Some((question, source));
            }
            Action::StartShare { share, path } => self.start_share(ctx, share, path),
            Action::Turn(turn) => self.turn(turn),
            Action::StartExport { target, folder } => self.start_export(target, folder),
            Action::Browse(browse) => self.backend.browse(browse, self.state.base()),
            Action::MarkLines(source) => self.ask_for_lines(ctx, &source),
            Action::LearnMarks => self.learn_marks(),
            Action::AcceptMarks => self.accept_marks(ctx),
            Action::Dismiss => self.state.notice = None,
            Action::CopyRows { table, order, columns, form } => {
                self.copy_rows(ctx, &table, order.as_deref().map(Vec::as_slice), &columns, form);
            }
            Action::Arrange { table, arrangement } => {
                let look = self.backend.arrange(table.clone(), arrangement.clone());
                self.state.arranged = Some(Arranged { table, arrangement, rows: None, look });
            }
            Action::CompareRows { table, input } => {
                let look = self.backend.compare_rows(table.clone(), input.clone());
                self.state.compared = Some(Compared { table, input, pairs: None, dropped: 0, look });
            }
            Action::Chart { table, wanted } => {
                let look = self.backend.chart(table.clone(), wanted.clone());
                self.state.charted = Some(Charted { table, wanted, drawn: None, look });
            }
            Action::Patterns { table, step, port, column } => self.show_patterns(table, step, port, column),
            Action::KeepPatterns => self.keep_patterns(ctx),
            Action::Comment { about, answers, text } => self.comment(ctx, about, answers, text),
            Action::Author(name) => self.state.settings.author = name,
            Action::ShowThing(id) => self.show_thing(ctx, &id),
            Action::Ways(of) => self.follow_row(ctx, of),
            Action::ShowRow { step, row } => self.show_row(step, row),
            Action::Scan => self.begin_scan(),
            Action::StopScan => self.stop_scan(),
            Action::CountTrue { table, condition } => {
                let parameters = self.state.shown_parameters();
                let look = self.backend.count_true(table.clone(), condition.clone(), parameters);
                self.state.shares.asked = Some((look, table, condition));
            }
            Action::FitKeys { tables, pairs } => {
                let look = self.backend.fit_keys(tables.clone(), pairs.clone(), self.state.shown_parameters());
                let [left, right] = tables;
                self.state.key_fit = Some(KeyFit { left, right, pairs, found: None, look });
            }
            Action::KeepLook { step, port, arrangement } => self.keep_look(ctx, &step, &port, &arrangement),
            Action::KeepBlock(name) => {
                if let Some(steps) = clipboard::copy(&self.state.project, &self.state.selection) {
                    self.state.settings.keep_block(&name, steps);
                    self.notice(ctx, format!("“{name}” is in the palette of every project"), false);
                }
            }
            Action::PlaceBlock { name, at, from } => self.place_block(ctx, &name, at, from.as_ref()),
            Action::ForgetBlock(name) => self.state.settings.blocks.retain(|block| block.name != name),
            Action::Repin(test) => {
                if let Some(test) = self.state.project.tests.get(&test) {
                    self.state.pins.pinning = true;
                    self.backend.repin(self.state.project.clone(), self.state.base(), test.clone());
                }
            }
            Action::FollowColumn(column) => {
                self.state.column = column;
                self.state.results.version += 1;
            }
            Action::CopyText(text) => {
                ctx.copy_text(text);
                self.notice(ctx, "copied", false);
            }
            Action::PasteText { text, at } => self.paste(ctx, &text, at),
            Action::OpenPaths { .. }
            | Action::SaveTo(_)
            | Action::SniffSource { .. }
            | Action::TakeSample(_)
            | Action::TestConnection(_)
            | Action::Recover(_)
            | Action::Reload
            | Action::Trust
            | Action::KeepMine
            | Action::Compare
            | Action::SaveAnyway
            | Action::SaveElsewhere
            | Action::Unsaved(_)
            | Action::StopAndClose => self.handle_file(ctx, action),
        }
    }

    /// Applies a batch of edits. Says whether it was done; if not, the reason is shown.
    pub(super) fn edit(&mut self, ctx: &Context, label: &str, edits: &[Edit], joins: bool) -> bool {
        if edits.is_empty() {
            return true;
        }
        self.begin();
        match self.state.history.apply(&mut self.state.project, label, edits, joins) {
            Ok(()) => {
                self.backend.file(FileTask::Append(edits.to_vec()));
                true
            }
            Err(diagnostic) => {
                self.notice_fault(ctx, "", diagnostic);
                false
            }
        }
    }

    /// Puts a finding's flow into the design and shows it.
    fn accept_finding(&mut self, ctx: &Context, finding: &Finding) {
        if !self.edit(ctx, "flow of a finding", &finding.accept, false) {
            return;
        }
        self.state.findings.accepted.insert(finding.id.clone());
        let steps = finding.accept.iter().filter_map(|edit| match edit {
            Edit::Insert { into, item, .. } if into == "steps" => item["id"].as_str().map(str::to_owned),
            _ => None,
        });
        self.select(Selection { steps: steps.collect(), wires: BTreeSet::new() }, true);
    }

    /// Leaves the start screen with a new project where nothing is open yet.
    fn begin(&mut self) {
        if !self.state.is_open {
            self.show_new_project();
        }
    }

    /// Shows a tab of the panel below.
    pub(super) fn show_tab(&mut self, tab: BottomTab) {
        self.view.bottom = tab;
        self.view.fold.open();
    }

    pub(super) fn notice(&mut self, ctx: &Context, text: impl Into<String>, is_error: bool) {
        const SECONDS: f64 = 6.0;
        let since = ctx.input(|input| input.time);
        let is_unread = self.state.notice.as_ref().is_some_and(|old| old.is_error && since - old.since < SECONDS);
        if is_unread && !is_error {
            return;
        }
        self.state.notice = Some(Notice { text: text.into(), is_error, since, is_of_save: false });
        ctx.request_repaint();
    }

    /// Tells what went wrong, and what mends it; `about`: the file that it is about, or nothing.
    pub(super) fn notice_fault(&mut self, ctx: &Context, about: &str, fault: Diagnostic) {
        let is_told = about.is_empty() || fault.message.contains(about);
        let about = if is_told { String::new() } else { format!("{about}: ") };
        let help = fault.help.map(|help| format!(" — {help}")).unwrap_or_default();
        self.notice(ctx, format!("{about}{}{help}", fault.message), true);
    }

    pub(super) fn select(&mut self, selection: Selection, reveal: bool) {
        let selection = groups::unfolded(&self.state.project, selection);
        let cards = groups::folded(&self.state.project, &selection);
        if let Some(answer) = self.state.selected_step().filter(|step| step.kind == "answer") {
            self.view.came_from = Some(answer.id.clone());
        }
        self.view.canvas.select(cards.clone());
        if reveal && let Some(step) = cards.steps.iter().next() {
            self.view.reveal = Some(step.clone());
        }
        select(&mut self.state, &mut self.view, selection);
    }

    /// The wire that is selected alone, where a step of that kind can stand on it.
    fn wire_for(&self, kind: &dyn StepKind, from: Option<&PortRef>) -> Option<String> {
        let ports = kind.ports(&kind.defaults());
        let mut wires = self.state.selection.wires.iter();
        let wire = wires.next().filter(|_| wires.next().is_none() && self.state.selection.steps.is_empty())?;
        let is_there = self.state.project.wires.contains_key(wire);
        (is_there && from.is_none() && !ports.inputs.is_empty() && !ports.outputs.is_empty()).then(|| wire.clone())
    }

    fn place(&mut self, ctx: &Context, kind: &str, at: Option<Pos2>, from: Option<&PortRef>) {
        let Some(kind) = pipewright_core::steps::kind(kind) else { return };
        self.begin();
        let placed = match self.wire_for(kind, from) {
            Some(wire) => room::place_on_wire(&self.state.project, kind, &wire),
            None => edits::place(&self.state.project, kind, at, from, &self.state.selection),
        };
        if self.edit(ctx, &format!("add {}", kind.title()), &placed.edits, false) {
            self.select(Selection { steps: [placed.step.clone()].into(), wires: BTreeSet::new() }, at.is_none());
            let first = || kind.form().first().map(|field| field.name.to_owned());
            // What comes in is what all else is about.
            let field = edits::unwired_input(&self.state.project, &placed.step).or_else(first);
            self.view.forms.focus = Some((placed.step, field.unwrap_or_default()));
        }
    }

    fn command(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::New => self.after_unsaved(ctx, Then::New),
            Command::Open => self.view.show_dialog(Dialog::Open { path: String::new(), fault: None }),
            Command::AddPlace => {
                self.begin();
                let (batch, source) = edits::add_place(&self.state.project);
                if self.edit(ctx, "add a source", &batch, false) {
                    self.handle(ctx, Action::Choose(Chosen::Source(source.clone())));
                    self.view.forms.focus = Some((source, "title".into()));
                }
            }
            Command::Example => self.after_unsaved(ctx, Then::Example),
            Command::Save => self.save(ctx),
            Command::SaveAs => self.show_save_as(None),
            Command::Undo => self.undo(ctx),
            Command::Redo => self.redo(ctx),
            Command::Copy | Command::Cut => {
                let Some(text) = clipboard::copy(&self.state.project, &self.state.selection) else { return };
                ctx.copy_text(text);
                if command == Command::Cut {
                    self.delete(ctx, "cut");
                }
            }
            Command::CopyCommandLine | Command::CopySql => self.copy_step(ctx, command),
            Command::Paste => ctx.send_viewport_cmd(egui::ViewportCommand::RequestPaste),
            Command::Duplicate => {
                if let Some(text) = clipboard::copy(&self.state.project, &self.state.selection) {
                    self.paste(ctx, &text, None);
                }
            }
            Command::Delete => self.delete(ctx, "delete"),
            Command::Bypass => {
                let batch = edits::bypass(&self.state.project, &self.state.selection);
                self.edit(ctx, "bypass", &batch, false);
            }
            Command::SelectAll => {
                let steps = self.state.project.steps.keys().cloned().collect();
                self.select(Selection { steps, wires: BTreeSet::new() }, false);
            }
            Command::SelectNone => {
                if self.state.selection.is_empty() {
                    self.state.chosen = Chosen::Project;
                }
                self.select(Selection::default(), false);
            }
            Command::AddStep => {
                let pointer = ctx.pointer_hover_pos();
                let at = pointer.map(|pointer| self.view.canvas.canvas_point(pointer));
                let at = at.filter(|_| self.state.selection.steps.is_empty());
                self.handle(ctx, Action::Palette { at, screen: pointer, from: None });
            }
            Command::Frame => self.frame_selection(ctx),
            Command::Group => {
                let batch = groups::group_edits(&self.state.project, &self.state.selection);
                if batch.is_empty() {
                    self.notice(ctx, "select two steps or more to group them", false);
                }
                if self.edit(ctx, "group steps", &batch, false) {
                    // What stands in their place is smaller, or larger.
                    self.select(self.state.selection.clone(), true);
                }
            }
            Command::Note => self.add_note(ctx),
            Command::Question => {
                self.begin();
                let (batch, id) = edits::add_question(&self.state.project);
                if self.edit(ctx, "ask a question", &batch, false) {
                    self.view.left = LeftTab::Questions;
                    self.select(Selection::default(), false);
                    self.state.chosen = Chosen::Question(id.clone());
                    self.view.forms.focus = Some((id, "title".into()));
                }
            }
            Command::AcceptSuggestion => self.accept_suggestion(ctx, false),
            Command::AcceptPart => self.accept_suggestion(ctx, true),
            Command::NextSuggestion => self.next_suggestion(ctx),
            Command::DismissSuggestion => self.dismiss_suggestion(),
            Command::LookForFindings => {
                self.view.left = LeftTab::Findings;
                self.handle(ctx, Action::LookForFindings);
            }
            Command::Coverage => self.show_tab(BottomTab::Coverage),
            Command::Pin => self.pin_rows(ctx),
            Command::Comment => self.ask_for_comment(ctx),
            Command::KeepBlock => {
                let first = self.state.selected_step().or_else(|| {
                    let steps = self.state.selection.steps.iter();
                    steps.filter_map(|id| self.state.project.steps.get(id)).min_by_key(|step| (step.x, step.y))
                });
                match first {
                    Some(step) => {
                        let name = step.title.clone();
                        self.view.show_dialog(Dialog::KeepBlock { name });
                    }
                    None => self.notice(ctx, "select the steps that the palette shall keep", false),
                }
            }
            Command::Lines => self.show_tab(BottomTab::Lines),
            Command::Layout => self.arrange(ctx),
            Command::Fit | Command::FitSelection | Command::ZoomIn | Command::ZoomOut => self.move_view(command),
            Command::Search => self.view.search = Some(Search { is_new: true, ..Search::default() }),
            Command::Find => {
                self.view.search = Some(Search { is_new: true, only_steps: true, ..Search::default() });
            }
            Command::Check => {
                self.show_tab(BottomTab::Problems);
                // The first of them takes the keyboard: Enter leads to its place.
                self.view.problem_is_wanted = !self.state.problems.is_empty();
            }
            Command::Run => {
                self.dismiss_suggestion();
                self.ask_run(ctx);
            }
            Command::Export => {
                self.dismiss_suggestion();
                let target = pipewright_core::export::targets().first().map(|target| target.name().to_owned());
                let target = target.unwrap_or_default();
                let folder = super::dialogs::export_dialog::proposed_folder(&self.state, &target);
                self.state.export = ExportState::default();
                self.view.show_dialog(Dialog::Export { target, folder });
            }
            Command::Present => self.present(),
            Command::ExportAnswers => self.show_share(Share::Page),
            Command::ExportMap => self.show_share(Share::MapPdf),
            Command::FoldBelow => self.view.fold.turn(),
            Command::FoldSides => self.view.fold.sides = !self.view.fold.sides,
            Command::NextPanel => self.view.next_panel(),
            Command::Theme => {
                let is_dark = ctx.theme() == egui::Theme::Dark;
                self.state.settings.mode = if is_dark { Mode::Light } else { Mode::Dark };
                super::theme::apply(ctx, preference(self.state.settings.mode));
            }
            Command::LargerText => ctx.set_zoom_factor((ctx.zoom_factor() + 0.1).min(3.0)),
            Command::SmallerText => ctx.set_zoom_factor((ctx.zoom_factor() - 0.1).max(0.5)),
            Command::Keys => self.view.show_dialog(Dialog::Keys),
            Command::Quit => self.after_unsaved(ctx, Then::Quit),
        }
    }

    fn move_view(&mut self, command: Command) {
        let canvas = &mut self.view.canvas;
        match command {
            Command::FitSelection => canvas.fit_selection(),
            Command::ZoomIn => canvas.zoom_by(1.25),
            Command::ZoomOut => canvas.zoom_by(0.8),
            _ => canvas.fit_all(),
        }
    }

    fn undo(&mut self, ctx: &Context) {
        let label = self.state.history.undo_label().unwrap_or_default().to_owned();
        let done = self.state.history.undo(&mut self.state.project);
        self.after_history(ctx, done, &format!("undone: {label}"));
    }

    fn redo(&mut self, ctx: &Context) {
        let label = self.state.history.redo_label().unwrap_or_default().to_owned();
        let done = self.state.history.redo(&mut self.state.project);
        self.after_history(ctx, done, &format!("done again: {label}"));
    }

    fn after_history(
        &mut self,
        ctx: &Context,
        done: Option<Result<Vec<Edit>, pipewright_core::diagnostic::Diagnostic>>,
        told: &str,
    ) {
        match done {
            None => {}
            Some(Ok(batch)) => {
                self.backend.file(FileTask::Append(batch));
                self.view.forms.clear();
                self.state.compare_with_saved();
                self.notice(ctx, told, false);
            }
            Some(Err(diagnostic)) => self.notice(ctx, diagnostic.message, true),
        }
    }

    fn delete(&mut self, ctx: &Context, label: &str) {
        let batch = edits::delete(&self.state.project, &self.state.selection);
        if !batch.is_empty() && self.edit(ctx, label, &batch, false) {
            self.select(Selection::default(), false);
        }
    }

    /// Inserts copied steps and selects them.
    pub(super) fn paste(&mut self, ctx: &Context, text: &str, at: Option<Pos2>) {
        self.begin();
        let Some((batch, steps)) = clipboard::paste(&self.state.project, text, at) else {
            self.notice(ctx, "the clipboard holds no steps", false);
            return;
        };
        if self.edit(ctx, "paste", &batch, false) {
            self.select(Selection { steps: steps.into_iter().collect(), wires: BTreeSet::new() }, true);
        }
    }

    /// Inserts the steps of an entry of the palette and wires them.
    fn place_block(&mut self, ctx: &Context, name: &str, at: Option<Pos2>, from: Option<&PortRef>) {
        let Some(block) = self.state.settings.blocks.iter().find(|block| block.name == name) else { return };
        let text = block.steps.clone();
        self.begin();
        let at = at.unwrap_or_else(|| edits::free_place(&self.state.project, &self.state.selection));
        let Some((mut batch, steps)) = clipboard::paste(&self.state.project, &text, Some(at)) else {
            self.notice(ctx, format!("“{name}” holds no steps that this version can read"), true);
            return;
        };
        let chosen = self.state.selected_step().and_then(|step| {
            let output = edits::step_ports(step).outputs.into_iter().next()?;
            Some(PortRef { step: step.id.clone(), side: Side::Output, port: output.name })
        });
        if let Some(from) = from.filter(|from| from.side == Side::Output).or(chosen.as_ref()) {
            let mut tried = self.state.project.clone();
            if tried.apply(&batch).is_ok() {
                batch.extend(edits::feed_first(&tried, from, &steps));
            }
        }
        if self.edit(ctx, &format!("add {name}"), &batch, false) {
            self.select(Selection { steps: steps.into_iter().collect(), wires: BTreeSet::new() }, true);
        }
    }

    fn frame_selection(&mut self, ctx: &Context) {
        if self.is_undecided(ctx) {
            return;
        }
        const AROUND: f32 = 28.0;
        let cards = groups::folded(&self.state.project, &self.state.selection);
        let rects = cards.steps.iter().filter_map(|id| self.view.canvas.step_rect(id));
        let Some(bounds) = rects.reduce(egui::Rect::union) else {
            self.notice(ctx, "select the steps that the frame shall hold", false);
            return;
        };
        let bounds = bounds.expand(AROUND);
        let frame = Frame {
            id: self.state.project.new_id("frm"),
            title: "Frame".into(),
            x: bounds.left().round() as i32,
            y: (bounds.top() - 12.0).round() as i32,
            width: bounds.width().round() as i32,
            height: (bounds.height() + 12.0).round() as i32,
            ..Frame::default()
        };
        if self.edit(ctx, "frame the selection", &[edits::insert("frames", &frame)], false) {
            self.select(Selection::default(), false);
            self.state.chosen = Chosen::Frame(frame.id.clone());
            self.view.forms.focus = Some((frame.id, "title".into()));
        }
    }

    fn add_note(&mut self, ctx: &Context) {
        self.begin();
        let at = match ctx.pointer_hover_pos() {
            Some(pointer) => self.view.canvas.canvas_point(pointer),
            None => edits::free_place(&self.state.project, &self.state.selection) - vec2(0.0, 120.0),
        };
        let note = Note {
            id: self.state.project.new_id("note"),
            text: "Note".into(),
            x: at.x.round() as i32,
            y: at.y.round() as i32,
            ..Note::default()
        };
        if self.edit(ctx, "add note", &[edits::insert("notes", &note)], false) {
            self.select(Selection::default(), false);
            self.state.chosen = Chosen::Note(note.id.clone());
            self.view.forms.focus = Some((note.id, "text".into()));
        }
    }

    /// Whether a suggestion is on the canvas, which some commands cannot go round; tells it.
    fn is_undecided(&mut self, ctx: &Context) -> bool {
        let has_ghosts = self.state.suggestion().is_some_and(|suggestion| suggestion.shown().is_some());
        if has_ghosts {
            self.notice(ctx, "accept or dismiss the suggestion first", false);
        }
        has_ghosts
    }

    fn arrange(&mut self, ctx: &Context) {
        if self.is_undecided(ctx) {
            return;
        }
        let cards = groups::folded(&self.state.project, &self.state.selection);
        let chosen: Vec<String> = cards.steps.into_iter().collect();
        let only = (chosen.len() > 1).then_some(chosen.as_slice());
        let places = layout::layout(&self.view.scene.steps, &self.view.scene.wires, only);
        let places = groups::moved(&self.state.project, &places);
        let batch = edits::moved(&places, &self.state.project);
        if self.edit(ctx, "arrange steps", &batch, false) && only.is_none() {
            self.view.fit = true;
        }
    }

    /// Asks where a run writes and with which parameters.
    fn ask_run(&mut self, ctx: &Context) {
        self.show_tab(BottomTab::Run);
        if self.state.run.active.is_some() {
            self.notice(ctx, "a run is under way", false);
            return;
        }
        let before = &self.state.run;
        let out = if before.out.as_os_str().is_empty() { self.state.base().join("out") } else { before.out.clone() };
        let (parameters, incremental) = (before.parameters.clone(), before.incremental);
        self.view.show_dialog(Dialog::Run { out: out.display().to_string(), parameters, incremental });
    }

    fn start_run(&mut self, ctx: &Context, out: PathBuf, typed: BTreeMap<String, String>, incremental: bool) {
        self.view.dialog = None;
        self.show_tab(BottomTab::Run);
        let plan = self.state.plan_of_project();
        let mut problems = pipewright_core::export::check_exportable(&plan);
        let mut parameters = BTreeMap::new();
        for parameter in &plan.parameters {
            let Some(text) = typed.get(&parameter.name).filter(|text| !text.is_empty()) else { continue };
            match parse_parameter(parameter, text) {
                Ok(value) => drop(parameters.insert(parameter.name.clone(), value)),
                Err(diagnostic) => problems.push(diagnostic),
            }
        }
        self.state.run = RunState { out: out.clone(), parameters: typed, incremental, ..RunState::default() };
        if problems.iter().any(|problem| problem.is_error()) {
            self.state.run.outcome = Some(Err(problems));
            self.notice(ctx, "the design cannot run yet: see the Run tab", true);
            return;
        }
        let looked = self.state.planning.latest.as_ref();
        let seen = looked.map(|planning| seen(&self.state.project, &planning.catalogue.meanings)).unwrap_or_default();
        let headliners = pipewright_app::headliners_of(&self.state.project, &plan, seen);
        let design = self.state.path.as_ref().and_then(|path| path.file_name());
        let design = design.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let base = self.state.base();
        let task = RunTask { plan, headliners, base, out, parameters, incremental, design };
        self.state.run.active = Some(self.backend.run(task));
    }

    fn start_export(&mut self, target: String, folder: PathBuf) {
        let project = &self.state.project;
        let info = DesignInfo::of(project);
        self.state.export = ExportState { busy: true, outcome: None };
        self.backend.export(ExportTask {
            plan: self.state.plan_of_project(),
            info,
            base: self.state.base(),
            target,
            folder,
        });
    }

    /// What was chosen in a native dialog goes where the dialog was opened for.
    pub(super) fn take_chosen(&mut self, ctx: &Context, browse: Browse, paths: Vec<PathBuf>) {
        let Some(first) = paths.first().cloned() else { return };
        let shown = first.display().to_string();
        match (browse, &mut self.view.dialog) {
            (Browse::Open, _) => {
                self.view.dialog = None;
                self.handle(ctx, Action::OpenPaths { paths, at: None });
            }
            (Browse::SaveAs, Some(Dialog::SaveAs { path, .. })) => *path = shown,
            (Browse::ExportFolder, Some(Dialog::Export { folder, .. })) => *folder = shown,
            (Browse::RunFolder, Some(Dialog::Run { out, .. })) => *out = shown,
            (Browse::ShareFile | Browse::ShareFolder, Some(Dialog::Share { path, .. })) => *path = shown,
            (Browse::Field { id, field, .. }, _) => {
                let text = super::state::relative_path(&first, &self.state.base());
                self.edit(ctx, "choose a file", &[edits::set(&id, &field, Json::from(text))], false);
                if field == "path" && self.state.project.sources.contains_key(&id) {
                    self.handle(ctx, Action::SniffSource { source: id, keeps_format: false });
                }
            }
            (Browse::Real(source), _) => self.handle(ctx, Action::ReplacePlanned { source, path: first }),
            (Browse::SaveAs | Browse::ExportFolder | Browse::RunFolder, _) => {}
            (Browse::ShareFile | Browse::ShareFolder, _) => {}
        }
    }

    pub(super) fn show_save_as(&mut self, then: Option<Then>) {
        let path = match &self.state.path {
            Some(path) => path.display().to_string(),
            None => self.state.base().join(format!("{}{EXTENSION}", self.state.project.name)).display().to_string(),
        };
        self.view.show_dialog(Dialog::SaveAs { path, then });
    }

    /// Renames a project that nobody named after its file.
    pub(super) fn name_after(&mut self, ctx: &Context, stem: &str) {
        if self.state.project.name == super::state::UNTITLED && !stem.is_empty() {
            self.edit(ctx, "name the project", &[edits::set("project", "name", json!(stem))], false);
        }
    }
}
