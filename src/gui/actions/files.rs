//! Opening, saving and recovering projects, and data files that become sources: what is asked for, and what the threads
//! answer. No file is touched here; the backend does that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Context, pos2, vec2};
use pipewright_app::evidence::seen;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::import::{Imported, import_edits};
use pipewright_core::ir::interpolate;
use pipewright_core::model::Source;
use pipewright_core::project::{EXTENSION, Edit, OrganisationPolicy, Project, SaveFault};
use serde_json::Value as Json;

use super::edits;
use crate::gui::app::App;
use crate::gui::backend::{FileTask, Found, Message, Opened, SniffTask};
use crate::gui::canvas::Selection;
use crate::gui::command::{Action, BottomTab, LeftTab, UnsavedAnswer};
use crate::gui::dialogs::on_disk::Unsecured;
use crate::gui::state::view::{AskedFor, Dialog, Then};
use crate::gui::state::{UNTITLED, relative_path};
use crate::gui::suggestion::planning::Planning;

impl App {
    pub(in crate::gui) fn handle_file(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::OpenPaths { paths, at } => self.open_paths(ctx, paths, at),
            Action::SaveTo(path) => self.save_to(ctx, path),
            Action::SniffSource { source, keeps_format } => self.sniff_source(ctx, &source, keeps_format),
            Action::TakeSample(source) => self.ask_for_sample(ctx, &source),
            Action::TestConnection(connection) => self.ask_for_test(ctx, &connection),
            Action::Recover(answer) => self.recover(ctx, answer),
            Action::Reload => self.reload(ctx),
            Action::KeepMine => self.keep_mine(),
            Action::Trust => {
                if let Some(path) = self.state.path.clone() {
                    self.backend.file(FileTask::Trust(path));
                }
            }
            Action::Compare => self.compare_with_file(),
            Action::SaveAnyway => self.save_anyway(),
            Action::SaveElsewhere => self.save_elsewhere(),
            Action::Unsaved(answer) => self.answer_unsaved(ctx, answer),
            Action::StopAndClose => {
                self.view.dialog = None;
                self.close();
            }
            _ => {}
        }
    }

    /// A project replaces what is open; data files become sources of it.
    fn open_paths(&mut self, ctx: &Context, paths: Vec<PathBuf>, at: Option<egui::Pos2>) {
        let typed = match self.view.dialog.take() {
            Some(Dialog::Open { path, .. }) => path,
            _ => String::new(),
        };
        let from_start = !self.state.is_open;
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let (projects, data): (Vec<_>, Vec<_>) =
            paths.into_iter().map(absolute).partition(|path| path.to_string_lossy().ends_with(EXTENSION));
        if let Some(project) = projects.into_iter().next() {
            self.after_unsaved(ctx, Then::Open(project));
        }
        if from_start && !data.is_empty() {
            self.show_new_project();
        }
        self.view.asked_for = Some(AskedFor { typed, from_start });
        if data.is_empty() {
            return;
        }
        // A file dropped on the step of a planned source is what it waited for.
        if let Some(source) = at.and_then(|at| self.planned_at(at))
            && let [path] = &data[..]
        {
            self.look_at_real(ctx, &source, path);
            return;
        }
        self.view.drop_at = at;
        for path in data {
            self.sniff_chosen(path.to_string_lossy().into_owned());
        }
    }

    /// What was asked for is not to be had: asked for again, with what was typed, where that was typed.
    fn show_not_opened(&mut self, ctx: &Context, about: &str, fault: Diagnostic) {
        let asked = self.view.asked_for.take();
        let is_empty = self.state.path.is_none() && self.state.sniffing.is_empty() && !self.state.is_dirty();
        if asked.as_ref().is_some_and(|asked| asked.from_start) && is_empty {
            self.state.is_open = false;
        }
        match asked.map(|asked| asked.typed).filter(|typed| !typed.is_empty() && self.view.dialog.is_none()) {
            Some(path) => {
                self.state.notice = None;
                self.view.show_dialog(Dialog::Open { path, fault: Some(fault) });
            }
            None => self.notice_fault(ctx, about, fault),
        }
    }

    /// Has a file recognised that the user chose, to become a source.
    fn sniff_chosen(&mut self, path: String) {
        self.state.sniffing.insert(path.clone());
        let base = self.state.base();
        self.backend.sniff(SniffTask { path, base, source: None, format: None, is_chosen: true });
    }

    fn sniff_source(&mut self, ctx: &Context, id: &str, keeps_format: bool) {
        let Some(source) = self.state.project.sources.get(id) else { return };
        if source.path.is_empty() {
            self.notice(ctx, "the source has no path yet", false);
            return;
        }
        match interpolate(&source.path, &self.state.shown_parameters()) {
            Ok(path) => {
                let format = source.format.clone().filter(|_| keeps_format);
                self.state.sniffing.insert(path.clone());
                let source = Some(id.to_owned());
                // Who has no file yet has made all of it himself.
                let is_chosen = self.state.path.is_none();
                self.backend.sniff(SniffTask { path, base: self.state.base(), source, format, is_chosen });
            }
            Err(diagnostic) => self.notice(ctx, diagnostic.message, true),
        }
    }

    /// Does `then` at once, or asks what becomes of unsaved changes first.
    pub(in crate::gui) fn after_unsaved(&mut self, ctx: &Context, then: Then) {
        if self.state.is_open && self.state.is_dirty() {
            self.view.show_dialog(Dialog::Unsaved { then });
        } else {
            self.proceed(ctx, then);
        }
    }

    fn answer_unsaved(&mut self, ctx: &Context, answer: UnsavedAnswer) {
        let Some(Dialog::Unsaved { then }) = self.view.dialog.take() else { return };
        match answer {
            UnsavedAnswer::Cancel => {}
            UnsavedAnswer::Discard => self.proceed(ctx, then),
            UnsavedAnswer::Save => match self.state.path.clone() {
                Some(path) => {
                    self.view.after_save = Some(then);
                    self.save_to(ctx, path);
                }
                None => self.show_save_as(Some(then)),
            },
        }
    }

    pub(in crate::gui) fn proceed(&mut self, ctx: &Context, then: Then) {
        if matches!(then, Then::Quit) && self.state.run.active.is_some() {
            self.view.show_dialog(Dialog::Running);
            return;
        }
        self.view.given_up = Some(self.state.project.revision());
        match then {
            Then::Quit => self.close(),
            Then::New => self.show_new_project(),
            Then::Example => self.backend.file(FileTask::OpenExample),
            Then::Open(path) => {
                self.backend.file(FileTask::Open(path.clone()));
                self.notice(ctx, format!("opening {}", path.display()), false);
            }
        }
    }

    fn close(&mut self) {
        self.view.closing = true;
        // The journal of work that was saved or given up goes; what a crash left and nobody decided on stays.
        self.backend.file(FileTask::CloseJournal);
        self.backend.file(FileTask::Close);
        self.backend.stop();
    }

    pub(in crate::gui) fn show_new_project(&mut self) {
        self.show_unsaved(Project::new(UNTITLED), Vec::new());
    }

    /// A project that has no file.
    pub(in crate::gui) fn show_unsaved(&mut self, project: Project, diagnostics: Vec<Diagnostic>) {
        self.begin_journal(None, &project);
        self.view.reset(&project);
        self.backend.forget();
        self.state.open(project, None, diagnostics);
    }

    pub(in crate::gui) fn save(&mut self, ctx: &Context) {
        if !self.state.is_open {
            return;
        }
        match self.state.path.clone() {
            Some(path) => self.save_to(ctx, path),
            None => self.show_save_as(None),
        }
    }

    fn save_to(&mut self, ctx: &Context, path: PathBuf) {
        if let Some(Dialog::SaveAs { then, .. }) = &mut self.view.dialog {
            self.view.after_save = then.take();
            self.view.dialog = None;
        }
        let mut path = path;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.ends_with(EXTENSION) {
            let stem = name.strip_suffix(".json").unwrap_or(&name);
            path.set_file_name(format!("{stem}{EXTENSION}"));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.name_after(ctx, name.strip_suffix(EXTENSION).unwrap_or_default());
        (self.view.save_over, self.view.despite_holder) = (None, false);
        self.send_save(path);
    }

    /// Paths are relative to the project's folder: saved elsewhere, they are written anew. What that takes.
    pub(in crate::gui) fn moved_paths(&self, path: &Path) -> Vec<Edit> {
        let before = self.state.base();
        let after = path.parent().map(Path::to_owned).unwrap_or_default();
        let is_same = std::path::absolute(&before).ok() == std::path::absolute(&after).ok();
        if is_same || after.as_os_str().is_empty() {
            return Vec::new();
        }
        let needs_change = |source: &&Source| {
            !source.path.is_empty() && !source.path.starts_with("${") && !Path::new(&source.path).is_absolute()
        };
        let project = &self.state.project;
        let moved = |path: &str| Json::from(relative_path(&before.join(path), &after));
        let mut batch: Vec<_> = project
            .sources
            .values()
            .filter(needs_change)
            .map(|source| edits::set(&source.id, "path", moved(&source.path)))
            .collect();
        // A parameter that paths begin with is a folder.
        for parameter in project.parameters.values() {
            let start = format!("${{{}}}", parameter.name);
            let is_folder = project.sources.values().any(|source| source.path.starts_with(&start));
            let folder = parameter.default.as_ref().and_then(Json::as_str);
            if let Some(folder) =
                folder.filter(|folder| is_folder && !folder.is_empty() && Path::new(folder).is_relative())
            {
                batch.push(edits::set(&parameter.id, "default", moved(folder)));
            }
        }
        let pinned = project.policy.get("organisation").and_then(|pin| pin.get("path")).and_then(Json::as_str);
        if let Some(pinned) = pinned.filter(|path| Path::new(path).is_relative()) {
            batch.push(edits::set("project", "policy.organisation.path", moved(pinned)));
        }
        batch
    }

    /// What the threads answer.
    pub(in crate::gui) fn handle_message(&mut self, ctx: &Context, message: Message) {
        match message {
            Message::Opened { path, result: Ok(opened) } => self.show_opened(ctx, path, *opened),
            Message::Opened { path, result: Err(diagnostic) } => {
                self.state.settings.recent.retain(|recent| *recent != path);
                self.show_not_opened(ctx, &path.display().to_string(), diagnostic);
            }
            Message::Example(Ok(example)) => {
                self.state.notice = None;
                self.show_unsaved(example.0, example.1);
            }
            Message::Example(Err(fault)) => self.notice_fault(ctx, "", fault),
            Message::Untitled(left) => {
                if !self.state.is_open {
                    self.state.left = left.into();
                }
            }
            Message::Saved { path, revision, result } => self.show_saved(ctx, path, revision, result),
            Message::Unsecured { count, reason } => {
                if count == 0 && self.state.unsecured.count > 0 {
                    self.notice(ctx, "all changes are secured again", false);
                }
                self.state.unsecured = Unsecured { count, reason };
            }
            Message::PutAside(left) => self.state.left = left.into(),
            Message::Unheld => self.state.holder = None,
            Message::OnDisk { path, change } => self.take_disk_change(&path, change),
            Message::Trusted => self.look_again_trusted(ctx),
            Message::Kept(Ok(path)) => self.notice(ctx, format!("kept as {}", path.display()), false),
            Message::Kept(Err(fault)) | Message::Failed(fault) => self.notice_fault(ctx, "", fault),
            Message::Sniffed { path, source, result } => {
                self.state.sniffing.remove(&path);
                match result {
                    Ok(found) => self.show_found(ctx, &path, source.as_deref(), *found),
                    Err(diagnostic) if source.is_none() => self.show_not_opened(ctx, &path, diagnostic),
                    Err(diagnostic) => self.notice_fault(ctx, &path, diagnostic),
                }
            }
            Message::SampleTaken { source, result } => self.show_sample(ctx, &source, result),
            Message::Tested(Ok(answer)) => self.notice(ctx, answer, false),
            Message::Tested(Err(fault)) => self.notice_fault(ctx, "", fault),
            Message::FirstLines { source, lines } => self.take_lines(ctx, &source, lines),
            Message::Learned { asked, learned } => self.take_learned(asked, learned),
            Message::Chosen { browse, paths } => self.take_chosen(ctx, browse, paths),
            Message::RunStep { run, text } if self.state.run.active == Some(run) => self.state.run.log.push(text),
            Message::RunBytes { run, done, total } if self.state.run.active == Some(run) => {
                self.state.run.bytes = (done, total);
            }
            Message::RunDone { run, result } if self.state.run.active == Some(run) => {
                self.state.run.active = None;
                let told = if result.is_ok() { "the run is done" } else { "the run stopped" };
                self.notice(ctx, told, result.is_err());
                self.state.run.outcome = Some(result);
                self.show_tab(BottomTab::Run);
                // What it wrote may be what the design reads.
                if !self.view.closing {
                    self.request_preview();
                }
            }
            Message::Findings { look, outcome } if self.state.findings.looking == Some(look) => {
                self.state.findings.looking = None;
                self.state.findings.differs.clear();
                self.state.findings.outcome = Some(outcome);
            }
            Message::Looked { look, result } if self.state.planning.looking == Some(look) => {
                self.state.planning.looking = None;
                match result {
                    Ok(found) => {
                        let (planning, evidence) = *found;
                        self.note_seen(&planning);
                        self.state.planning.latest = Some(Arc::new(planning));
                        self.state.planning.look = Some(look);
                        self.state.planning.evidence = evidence;
                        self.state.results.version += 1;
                        self.close_requests(ctx);
                        self.ask_again(ctx);
                    }
                    Err(fault) => {
                        self.state.planning.asking = None;
                        self.notice_fault(ctx, "", fault);
                    }
                }
            }
            Message::Tried { look, planning } if self.state.planning.look == Some(look) => {
                self.state.planning.latest = Some(Arc::new(*planning));
                self.state.results.version += 1;
            }
            Message::Inside { path, files } => {
                self.state.sniffing.remove(&path);
                files.into_iter().for_each(|path| self.sniff_chosen(path));
            }
            Message::Declared { path, imported } => {
                self.state.sniffing.remove(&path);
                self.show_declared(ctx, &path, &imported);
            }
            Message::Real { source, path, result } => {
                self.state.sniffing.remove(&path);
                match result {
                    Ok(real) => self.show_real(ctx, &source, path, &real.0, &real.1),
                    Err(diagnostic) => {
                        self.notice_fault(ctx, &path, diagnostic);
                    }
                }
            }
            Message::Differs { look, result } => {
                if let Some(differs) = self.state.differs.as_mut().filter(|differs| differs.looking == Some(look)) {
                    differs.looking = None;
                    differs.outcome = Some(result);
                }
            }
            Message::Paired { look, pairs } => {
                if let Some(compared) = self.state.compared.as_mut().filter(|compared| compared.look == look) {
                    compared.take(pairs);
                }
            }
            Message::Charted { look, drawn } => {
                if let Some(charted) = self.state.charted.as_mut().filter(|charted| charted.look == look) {
                    charted.drawn = Some(*drawn);
                }
            }
            Message::Patterns { look, mined } => self.take_patterns(look, mined),
            Message::Ways { look, result } => {
                if let Some(ways) = self.state.ways.as_mut().filter(|ways| ways.look == look) {
                    ways.outcome = Some(result);
                }
            }
            Message::ScanBytes { look, done, total } => {
                if let Some(scan) = self.state.exact.scan.as_mut().filter(|scan| scan.look == look) {
                    scan.bytes = (done, total);
                }
            }
            Message::Scanned { look, result } => self.take_scan(look, result),
            Message::ShareCounted { look, share } => self.state.shares.take(look, share),
            Message::KeysFit { look, fitted } => {
                if let Some(fit) = self.state.key_fit.as_mut().filter(|fit| fit.look == look) {
                    fit.found = Some(fitted);
                }
            }
            Message::PinsTested { look, results } => self.take_tests(look, results),
            Message::Pinned(result) => self.take_pinned(ctx, result),
            Message::Arranged { look, rows } => {
                if let Some(arranged) = self.state.arranged.as_mut().filter(|arranged| arranged.look == look) {
                    arranged.rows = Some(rows.map(Arc::new));
                }
            }
            Message::Lines { look, result } => {
                if let Some(lines) = self.state.lines.as_mut().filter(|lines| lines.looking == Some(look)) {
                    lines.looking = None;
                    lines.outcome = Some(result);
                }
            }
            Message::Policy { path, pinned, result } => match (result, pinned) {
                (Ok(read), None) => self.pin_policy(ctx, &path, *read),
                (Ok(read), Some(_)) => self.take_policy(*read),
                (Err(diagnostic), _) => {
                    self.notice_fault(ctx, &path.display().to_string(), diagnostic);
                }
            },
            Message::FindingDiffers { finding, result } => {
                self.state.findings.differs.insert(finding, Some(result));
            }
            Message::Volume { look, outcome, cut } if self.state.volume.looking == Some(look) => {
                self.state.volume.looking = None;
                self.state.volume.outcome = Some(outcome);
                self.state.volume.cut = cut;
                // Wires say how much goes over.
                self.view.drawn = None;
            }
            Message::Suggested { look, result: Ok(found) } => {
                let (asked, proposals, gaps) = *found;
                self.show_suggestion(ctx, look, asked, proposals, gaps);
            }
            Message::Suggested { look, result: Err(fault) } => {
                if self.state.planning.asking.take_if(|asking| asking.look == Some(look)).is_some() {
                    self.notice_fault(ctx, "", fault);
                }
            }
            Message::Answers { look, result } if self.state.present.looking == Some(look) => self.show_answers(result),
            Message::Shared(result) => {
                self.state.share.busy = false;
                self.state.share.outcome = Some(result);
            }
            Message::Exported { folder, result } => {
                self.state.export.busy = false;
                self.state.export.outcome = Some((folder, result));
            }
            Message::Closed => {
                self.view.closed_at = Some(ctx.input(|input| input.time));
            }
            // Of a run or a look that nobody waits for any more.
            Message::RunStep { .. } | Message::RunBytes { .. } | Message::RunDone { .. } => {}
            Message::Looked { .. } | Message::Tried { .. } => {}
            Message::Findings { .. } | Message::Volume { .. } => {}
            Message::Answers { .. } => {}
        }
    }

    fn show_opened(&mut self, ctx: &Context, path: PathBuf, opened: Opened) {
        self.state.notice = None;
        self.view.asked_for = None;
        self.view.reset(&opened.project);
        self.state.settings.remember(&std::path::absolute(&path).unwrap_or_else(|_| path.clone()));
        self.begin_journal(Some(path.clone()), &opened.project);
        self.backend.forget();
        self.state.open(opened.project, Some(path), opened.diagnostics);
        self.state.left = opened.left.into();
        self.state.holder = opened.holder;
        self.state.out_of_reach = opened.out_of_reach;
        if let Some(reason) = opened.unlocked {
            self.notice(
                ctx,
                format!("others cannot see that the project is open here: no lock can be held ({reason})"),
                false,
            );
        }
    }

    /// What could not be read before may be now.
    fn look_again_trusted(&mut self, ctx: &Context) {
        self.state.out_of_reach.clear();
        let is_unknown =
            |source: &&Source| source.planned.is_none() && (source.format.is_none() || source.schema.is_none());
        let unknown: Vec<String> =
            self.state.project.sources.values().filter(is_unknown).map(|source| source.id.clone()).collect();
        unknown.iter().for_each(|id| self.sniff_source(ctx, id, true));
        // What was known of the sources was that nothing may be read of them.
        self.state.planning.evidence.clear();
        self.state.planning.looked_at = None;
        self.request_preview();
    }

    /// The journal of the project before goes, but for changes that were made after it was given up.
    fn begin_journal(&mut self, path: Option<PathBuf>, project: &Project) {
        let is_given_up = self.view.given_up.take() == Some(self.state.project.revision());
        let keeps_journal = self.state.is_open && self.state.is_dirty() && !is_given_up;
        self.backend.file(FileTask::Begin { path, project: Box::new(project.clone()), keeps_journal });
    }

    fn show_saved(&mut self, ctx: &Context, path: PathBuf, revision: u64, result: Result<(), SaveFault>) {
        self.state.saving = false;
        match result {
            Ok(()) => {
                self.state.settings.remember(&std::path::absolute(&path).unwrap_or_else(|_| path.clone()));
                let has_moved = self.state.path.as_ref() != Some(&path);
                let revision = self.take_moved_paths(revision);
                if self.state.path.is_none() {
                    // Made here, of files that its user chose.
                    self.backend.file(FileTask::Trust(path.clone()));
                }
                self.state.disk_change = None;
                // What stood in the way is over.
                self.state.notice.take_if(|notice| notice.is_of_save);
                self.state.holder = self.state.holder.take().filter(|_| !has_moved);
                self.state.path = Some(path);
                self.state.saved(revision);
                if has_moved {
                    self.request_preview();
                }
                if let Some(then) = self.view.after_save.take() {
                    self.after_unsaved(ctx, then);
                }
            }
            Err(SaveFault::Failed(diagnostic)) => {
                self.view.after_save = None;
                let shown =
                    if self.state.path.as_ref() == Some(&path) { String::new() } else { path.display().to_string() };
                self.notice_fault(ctx, &shown, diagnostic);
                self.state.notice.iter_mut().for_each(|notice| notice.is_of_save = true);
            }
            Err(fault) => self.ask_about_save(path, fault),
        }
    }

    /// What was saved elsewhere has its paths from there: now the project that is shown has, too. Gives the revision that
    /// is saved.
    fn take_moved_paths(&mut self, revision: u64) -> u64 {
        let moved = std::mem::take(&mut self.view.moved);
        let is_latest = self.state.project.revision() == revision;
        // They are in the file already, and so in no journal.
        let label = "paths from the new folder";
        let is_done =
            !moved.is_empty() && self.state.history.apply(&mut self.state.project, label, &moved, false).is_ok();
        if is_done && is_latest { self.state.project.revision() } else { revision }
    }

    /// Pins the policy of the organisation: from now on the design keeps to it.
    /// Where rules hold, columns are what their values show too.
    fn note_seen(&mut self, planning: &Planning) {
        let catalogue = &planning.catalogue;
        let seen = match catalogue.policy.has_rules() {
            true => seen(&self.state.project, &catalogue.meanings),
            false => Default::default(),
        };
        if self.state.project.set_seen(seen) {
            self.state.replan();
        }
    }

    fn pin_policy(&mut self, ctx: &Context, path: &Path, read: OrganisationPolicy) {
        let shown = relative_path(&self.state.base().join(path), &self.state.base());
        let pin = serde_json::json!({"path": shown, "sha256": read.sha256});
        if self.is_pinned(&read) {
            self.take_policy(read);
        } else if self.edit(ctx, "pin a policy", &[edits::set("project", "policy.organisation", pin)], false) {
            self.state.project.set_organisation(vec![read]);
            self.state.replan();
            self.notice(ctx, format!("{shown} is kept to from now on"), false);
        }
    }

    /// The policy that is pinned was read: a pin that came back by undo or redo had no more than its digest.
    fn take_policy(&mut self, read: OrganisationPolicy) {
        if self.is_pinned(&read) {
            self.state.project.set_organisation(vec![read]);
            self.state.replan();
        }
    }

    fn is_pinned(&self, read: &OrganisationPolicy) -> bool {
        let pin = self.state.project.policy.get("organisation").and_then(|pin| pin["sha256"].as_str());
        pin.is_some_and(|known| known.eq_ignore_ascii_case(&read.sha256))
    }

    /// What a file declares becomes sources whose data is not at hand, or is laid beside those that are.
    fn show_declared(&mut self, ctx: &Context, path: &str, imported: &Imported) {
        let file = relative_path(Path::new(path), &self.state.base());
        let (edits, gone) = import_edits(&self.state.project, &file, imported);
        if self.edit(ctx, &format!("import {file}"), &edits, false) {
            self.view.left = LeftTab::Sources;
            let sources = crate::gui::state::counted(imported.sources.len() as u64, "source");
            let first = imported.warnings.iter().chain(&gone).next();
            let warning = first.map_or(String::new(), |warning| format!(" · {}", warning.message));
            self.notice(ctx, format!("{file}: {} with {sources}{warning}", imported.kind.title()), false);
        }
    }

    /// A recognised file becomes a source with its step, or renews a source that is there.
    fn show_found(&mut self, ctx: &Context, path: &str, source: Option<&str>, found: Found) {
        let format = serde_json::to_value(&found.format).unwrap_or(Json::Null);
        let title = pipewright_core::formats::format(&found.format.name).map_or("", |format| format.title());
        let reason = found.reason;
        if let Some(id) = source {
            let Some(known) = self.state.project.sources.get(id) else { return };
            let schema = serde_json::to_value(known.renewed(&found.schema)).unwrap_or(Json::Null);
            let batch = [edits::set(id, "format", format), edits::set(id, "schema", schema)];
            self.edit(ctx, "look at the file again", &batch, false);
            let told = if reason.is_empty() { "columns read again".to_owned() } else { format!("{title}: {reason}") };
            self.notice(ctx, told, false);
            return;
        }
        self.view.asked_for = None;
        // A folder or a glob stays one: it may gain files.
        let named = Path::new(path);
        let name = named.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let source = Source {
            title: name.clone(),
            path: relative_path(named, &self.state.base()),
            format: Some(found.format),
            schema: Some(found.schema),
            ..Source::default()
        };
        let at = self.view.drop_at.unwrap_or_else(|| {
            let project = &self.state.project;
            let left = project.steps.values().map(|step| step.x).min();
            let bottom = project.steps.values().map(|step| step.y).max();
            match (left, bottom) {
                (Some(left), Some(bottom)) => pos2(left as f32, bottom as f32 + 140.0),
                _ => pos2(80.0, 80.0),
            }
        });
        self.view.drop_at = self.view.drop_at.map(|at| at + vec2(0.0, 120.0));
        let placed = edits::add_source(&self.state.project, source, at);
        if self.edit(ctx, &format!("add {name}"), &placed.edits, false) {
            self.select(Selection { steps: [placed.step].into(), wires: BTreeSet::new() }, true);
            self.view.bottom = BottomTab::Preview;
            let compressed = found.compression.map(|kind| format!(", {kind}")).unwrap_or_default();
            self.notice(ctx, format!("{name}: {title}{compressed} · {reason}"), false);
        }
    }
}
