//! Questions to suggestions to steps: looks at the sources where they changed, asks for proposals, shows them as
//! ghosts and puts what is accepted into the design. Changes the state as `actions` do.

use std::collections::BTreeSet;
use std::path::Path;

use egui::Context;
use pipewright_core::model::Source;
use pipewright_core::planner::{
    Asked, Dials, Gap, Proposal, SourceEvidence, plan_gaps, replace_planned, request_gaps, requests_met,
};
use pipewright_core::project::Edit;

use super::planning::{Asking, Suggestion, key_of};
use crate::gui::app::App;
use crate::gui::canvas::Selection;
use crate::gui::command::{BottomTab, Chosen, LeftTab};
use crate::gui::panels::differs::Differs;
use crate::gui::panels::lines::{Lines, LinesOf};
use crate::gui::state::relative_path;
use crate::gui::state::view::Dialog;

impl App {
    /// Looks at the sources again where something changed that the planner goes by. One look at a time.
    pub(in crate::gui) fn look_where_needed(&mut self) {
        let planning = &self.state.planning;
        if !self.state.is_open || planning.is_looking() || !self.state.sniffing.is_empty() {
            return;
        }
        if planning.looked_at.is_some_and(|looked_at| looked_at.0 == self.state.project.revision()) {
            return;
        }
        let key = key_of(&self.state.project);
        let is_same = planning.looked_at.is_some_and(|looked_at| looked_at.1 == key);
        self.state.planning.looked_at = Some((self.state.project.revision(), key));
        if !is_same {
            let known = self.state.planning.evidence.clone();
            let look = self.backend.look(self.state.project.clone(), self.state.base(), known);
            self.state.planning.looking = Some(look);
        }
    }

    /// Asks for proposals; where the sources are still being looked at, as soon as they are known.
    pub(in crate::gui) fn suggest(&mut self, ctx: &Context, question: &str, dials: Dials) {
        if !self.state.is_open {
            self.show_new_project();
        }
        let shown = self.state.planning.suggestion.as_ref();
        let is_renewed = shown.is_some_and(|shown| shown.asked.id == question && !shown.proposals.is_empty());
        if !is_renewed {
            self.state.planning.suggestion = None;
        }
        self.state.planning.asking = Some(Asking { question: question.to_owned(), dials, look: None, is_renewed });
        if !self.state.planning.is_looking() {
            self.ask_again(ctx);
        }
    }

    /// Asks what was to be asked, now that the sources are known; the suggestion that is shown is asked for anew.
    pub(in crate::gui) fn ask_again(&mut self, ctx: &Context) {
        // What changed meanwhile is looked at first.
        self.look_where_needed();
        let planning = &mut self.state.planning;
        if planning.is_looking() {
            return;
        }
        if planning.asking.is_none()
            && let Some(shown) = &planning.suggestion
        {
            let (question, is_renewed) = (shown.asked.id.clone(), true);
            // An own question keeps its thresholds itself.
            let dials = if shown.asked.is_own { Dials::new() } else { shown.asked.dials.clone() };
            planning.asking = Some(Asking { question, dials, look: None, is_renewed });
        }
        let (Some(asking), Some(latest)) = (&mut planning.asking, &planning.latest) else { return };
        let Some(asked) = latest.question(&asking.question) else {
            planning.asking = None;
            self.notice(ctx, "the question does not say yet what its answer shows", true);
            return;
        };
        let mut asked = asked.clone();
        asked.dials.extend(asking.dials.clone());
        let latest = latest.clone();
        let (project, base) = (self.state.project.clone(), self.state.base());
        let look = Some(self.backend.suggest(project, base, latest, asked));
        if let Some(asking) = &mut self.state.planning.asking {
            asking.look = look;
        }
    }

    /// Proposals came: the best is shown as a ghost.
    pub(in crate::gui) fn show_suggestion(
        &mut self,
        ctx: &Context,
        look: u64,
        asked: Asked,
        proposals: Vec<Proposal>,
        gaps: Vec<Gap>,
    ) {
        // The answer to an earlier question is not wanted any more.
        let Some(asking) = self.state.planning.asking.take_if(|asking| asking.look == Some(look)) else { return };
        let chosen = match self.state.project.questions.contains_key(&asked.id) {
            true => Chosen::Question(asked.id.clone()),
            false => Chosen::Ready(asked.id.clone()),
        };
        let suggestion = Suggestion::new(asked, proposals, gaps, &self.state.project);
        let is_shown = suggestion.trial().is_some();
        let is_answered = !suggestion.proposals.is_empty();
        self.state.planning.suggestion = Some(suggestion);
        if is_answered && !is_shown {
            self.state.planning.suggestion = None;
            self.notice(ctx, "the design has changed meanwhile: ask again", false);
        } else if asking.is_renewed && !is_answered {
            // What is missing is told where it was told before.
        } else if asking.is_renewed {
            // Where the answer was selected, that of the new suggestion is.
            if self.state.selection.steps.iter().all(|step| !self.state.project.steps.contains_key(step))
                && !self.state.selection.steps.is_empty()
            {
                self.show_ghosts();
            }
        } else if is_answered {
            self.view.left = LeftTab::Questions;
            self.show_ghosts();
        } else {
            self.view.left = LeftTab::Questions;
            self.select(Selection::default(), false);
            self.state.chosen = chosen;
            self.notice(ctx, "the sources do not answer this yet: what is missing is named at the right", false);
        }
    }

    /// Brings the shown proposal into view, its answer selected.
    fn show_ghosts(&mut self) {
        let Some(proposal) = self.state.suggestion().and_then(Suggestion::shown) else { return };
        let (answer, steps) = (proposal.answer.clone(), proposal.steps.clone());
        self.view.fit_steps = Some(steps);
        self.select(Selection { steps: [answer].into(), wires: BTreeSet::new() }, false);
    }

    pub(in crate::gui) fn next_suggestion(&mut self, ctx: &Context) {
        let Some(suggestion) = &mut self.state.planning.suggestion else {
            self.notice(ctx, "choose a question and “Suggest a flow” first", false);
            return;
        };
        if suggestion.proposals.len() < 2 {
            self.notice(ctx, "there is no other way to answer it from these sources", false);
            return;
        }
        suggestion.next(&self.state.project);
        self.show_ghosts();
    }

    pub(in crate::gui) fn dismiss_suggestion(&mut self) {
        self.state.planning.asking = None;
        let Some(suggestion) = self.state.planning.suggestion.take() else { return };
        let had_ghosts = !suggestion.proposals.is_empty();
        if had_ghosts {
            self.select(Selection::default(), false);
            let id = suggestion.asked.id;
            let is_own = self.state.project.questions.contains_key(&id);
            self.state.chosen = if is_own { Chosen::Question(id) } else { Chosen::Ready(id) };
        }
    }

    /// Puts the suggested steps into the design, or only the selected ones with those before them.
    pub(in crate::gui) fn accept_suggestion(&mut self, ctx: &Context, only_part: bool) {
        let Some(proposal) = self.state.suggestion().and_then(Suggestion::shown) else {
            self.notice(ctx, "there is no suggestion to accept: choose a question first", false);
            return;
        };
        let wanted: BTreeSet<String> = match only_part {
            true => self.state.selection.steps.iter().filter(|step| proposal.steps.contains(step)).cloned().collect(),
            false => proposal.steps.iter().cloned().collect(),
        };
        if wanted.is_empty() {
            self.notice(ctx, "select the suggested steps that are wanted first", false);
            return;
        }
        let (mut edits, answer) = (proposal.part(&wanted), proposal.answer.clone());
        if wanted.contains(&answer)
            && let Some(question) = self.state.suggestion().map(|one| one.asked.id.clone())
        {
            edits.push(crate::gui::actions::edits::set(&question, "status", serde_json::json!("running")));
        }
        let label = format!("accept: {}", self.state.suggestion().map_or("", |one| &one.asked.title));
        let suggestion = self.state.planning.suggestion.take();
        if !self.edit(ctx, &label, &edits, false) {
            self.state.planning.suggestion = suggestion;
            return;
        }
        // A renewal under way would bring back what was accepted.
        self.state.planning.asking = None;
        let steps = if only_part { wanted } else { [answer].into() };
        self.select(Selection { steps, wires: BTreeSet::new() }, true);
        self.notice(ctx, "accepted: one undo takes it back", false);
    }

    /// The planned source whose step lies at a place of the canvas.
    pub(in crate::gui) fn planned_at(&self, at: egui::Pos2) -> Option<String> {
        let project = &self.state.project;
        let hit = project.steps.values().find(|step| {
            step.kind == "planned_source" && self.view.canvas.step_rect(&step.id).is_some_and(|rect| rect.contains(at))
        })?;
        let source = hit.settings.get("source")?.as_str()?;
        project.sources.get(source).filter(|source| source.planned.is_some()).map(|source| source.id.clone())
    }

    /// Looks at the file that a planned source waited for.
    pub(in crate::gui) fn look_at_real(&mut self, ctx: &Context, source: &str, path: &Path) {
        let Some(source) = self.state.project.sources.get(source).cloned() else { return };
        let shown = relative_path(path, &self.state.base());
        self.state.sniffing.insert(shown.clone());
        self.notice(ctx, format!("looking at {shown}"), false);
        self.backend.real(shown, source, self.state.base());
    }

    /// Shows what differs between a planned source and the real file.
    pub(in crate::gui) fn show_real(
        &mut self,
        ctx: &Context,
        planned: &str,
        path: String,
        real: &Source,
        found: &SourceEvidence,
    ) {
        let title = self.state.project.sources.get(planned).map_or(String::new(), |source| source.title.clone());
        match replace_planned(&self.state.project, planned, real, found) {
            Ok((edits, differences)) => self.view.show_dialog(Dialog::Real { title, path, edits, differences }),
            Err(fault) => self.notice(ctx, fault.message, true),
        }
    }

    pub(in crate::gui) fn accept_real(&mut self, ctx: &Context) {
        let Some(Dialog::Real { title, edits, .. }) = self.view.dialog.take() else { return };
        if self.edit(ctx, &format!("the data of {title}"), &edits, false) {
            self.notice(ctx, format!("“{title}” is read from the file now"), false);
        }
    }

    /// Requests that the sources meet by now are delivered.
    pub(in crate::gui) fn close_requests(&mut self, ctx: &Context) {
        let Some(latest) = self.state.planning.latest.clone() else { return };
        let mut edits = requests_met(&self.state.project, &latest.catalogue);
        let closed = &mut self.state.planning.closed;
        edits.retain(|edit| matches!(edit, Edit::Set { id, .. } if closed.insert(id.clone())));
        if !edits.is_empty() && self.edit(ctx, "data was delivered", &edits, false) {
            let told = crate::gui::state::counted(edits.len() as u64, "request");
            self.notice(ctx, format!("{told} delivered: the sources show the data"), false);
        }
    }

    /// Looks for what goes with the rows of a step that fulfil a condition.
    pub(in crate::gui) fn look_at_differences(&mut self, ctx: &Context, step: String, condition: String) {
        if self.state.is_ghost(&step) {
            self.notice(ctx, "accept the suggestion first (Ctrl+Enter)", false);
            return;
        }
        let project = self.state.project.clone();
        let look = self.backend.differs(project, self.state.base(), step.clone(), condition.clone());
        self.view.differs = Some((step.clone(), condition.clone()));
        self.show_tab(BottomTab::Differs);
        self.state.differs = Some(Differs { step, condition, looking: Some(look), outcome: None });
    }

    /// Looks for the lines behind rows of a step.
    pub(in crate::gui) fn look_at_lines(&mut self, of: LinesOf) {
        let Some(node) = self.state.plan.output(&of.step, &of.port) else { return };
        let (plan, base, parameters) = (self.state.plan.clone(), self.state.base(), self.state.parameters());
        let look = self.backend.lines(plan, node, of.which.clone(), base, parameters);
        self.state.lines = Some(Lines { of, looking: Some(look), outcome: None });
    }

    /// Plans the data that the question lacks, and asks again: the design goes on with made-up rows.
    pub(in crate::gui) fn plan_gaps(&mut self, ctx: &Context) {
        let (Some(suggestion), Some(latest)) = (self.state.suggestion(), &self.state.planning.latest) else { return };
        let (question, dials) = (suggestion.asked.id.clone(), suggestion.asked.dials.clone());
        let mut edits = plan_gaps(&self.state.project, &latest.catalogue, &suggestion.gaps);
        if edits.is_empty() {
            self.notice(ctx, "there is no source that could record what is missing", true);
            return;
        }
        let title = &suggestion.asked.title;
        edits.extend(request_gaps(&self.state.project, &latest.catalogue, &suggestion.gaps, title));
        if self.edit(ctx, "plan the missing data", &edits, false) {
            self.suggest(ctx, &question, dials);
        }
    }
}
