//! What is written for people without the designer: the answers as one page or as pictures, and the map. The dialog, and
//! what becomes of it.

use std::path::{Path, PathBuf};

use egui::{Context, RichText, Ui};
use pipewright_core::export::drawing::Look;

use super::app::App;
use super::backend::{AnswersTask, ShareTask, Shared};
use super::command::{Action, Actions, Browse};
use super::dialogs::{buttons_ui, meaning_ui, path_field_ui, title_ui};
use super::forms::{diagnostic_ui, label_ui};
use super::icons::{Icon, icon_ui};
use super::state::view::Dialog;
use super::state::{StateRef, counted};
use super::theme;
use super::widgets::{primary_button, soft};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Page,
    AnswersSvg,
    AnswersPng,
    MapSvg,
    MapPdf,
}

impl Share {
    const ALL: [(Share, &'static str, &'static str); 5] = [
        (Share::Page, "Answers as one page", "An HTML file that needs nothing besides itself, for a desk or a phone."),
        (Share::AnswersPng, "Answers as pictures (PNG)", "A file for each answer, for slides."),
        (Share::AnswersSvg, "Answers as drawings (SVG)", "A file for each answer, sharp at any size."),
        (Share::MapPdf, "The map as PDF", "All steps and wires on one page."),
        (Share::MapSvg, "The map as drawing (SVG)", "All steps and wires, sharp at any size."),
    ];

    fn is_folder(self) -> bool {
        matches!(self, Share::AnswersSvg | Share::AnswersPng)
    }

    /// Beside the project.
    fn proposed(self, state: StateRef<'_>) -> String {
        let stem: String = state.project.name.chars().map(|c| if "/\\:".contains(c) { '-' } else { c }).collect();
        let name = match self {
            Share::Page => format!("{stem}-answers.html"),
            Share::AnswersSvg | Share::AnswersPng => format!("{stem}-answers"),
            Share::MapSvg => format!("{stem}-map.svg"),
            Share::MapPdf => format!("{stem}-map.pdf"),
        };
        state.base().join(name).display().to_string()
    }
}

/// Files that are being written, or were.
#[derive(Debug, Default)]
pub struct ShareState {
    pub busy: bool,
    pub outcome: Option<Shared>,
}

/// The dialog. Says whether it is to be closed.
pub fn share_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    chosen: &mut Share,
    path: &mut String,
    is_new: bool,
    out: &mut Actions,
) -> bool {
    let mut is_done = false;
    title_ui(ui, "Export for others", &mut is_done);
    label_ui(ui, "What", "");
    for (share, title, doc) in Share::ALL {
        if ui.radio(share == *chosen, title).clicked() {
            let is_as_proposed = *path == chosen.proposed(state);
            *chosen = share;
            if is_as_proposed {
                *path = share.proposed(state);
            }
        }
        meaning_ui(ui, doc);
    }
    ui.add_space(theme::SPACE_2);
    let is_folder = chosen.is_folder();
    label_ui(ui, if is_folder { "Folder" } else { "File" }, "Numbers are worked out on the whole input first.");
    let browse = if is_folder { Browse::ShareFolder } else { Browse::ShareFile };
    let entered = path_field_ui(ui, if is_folder { "Share folder" } else { "Share file" }, path, browse, is_new, out);
    ui.add_space(theme::SPACE_2);
    outcome_ui(ui, state);
    ui.add_space(theme::SPACE_2);
    buttons_ui(ui, |ui| {
        let is_ready = !state.share.busy && !path.trim().is_empty();
        let clicked = ui.add_enabled_ui(is_ready, |ui| primary_button(ui, "Write").clicked()).inner;
        if is_ready && (clicked || entered) {
            out.push(Action::StartShare { share: *chosen, path: PathBuf::from(path.trim()) });
        }
        if ui.button("Close").clicked() {
            is_done = true;
        }
        if state.share.busy {
            soft(ui, "writing…");
        }
    });
    is_done
}

fn outcome_ui(ui: &mut Ui, state: StateRef<'_>) {
    let palette = theme::palette(ui.ctx());
    match &state.share.outcome {
        None => {}
        Some(Ok((paths, warnings))) => {
            ui.horizontal(|ui| {
                icon_ui(ui, Icon::Tick, 16.0, Some(palette.good));
                let told = match &paths[..] {
                    [only] => format!("written: {}", only.display()),
                    paths => {
                        let folder = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new(""));
                        format!("{} in {}", counted(paths.len() as u64, "file"), folder.display())
                    }
                };
                ui.add(egui::Label::new(RichText::new(told).color(palette.ink(palette.good))).wrap());
            });
            warnings.iter().for_each(|warning| diagnostic_ui(ui, warning));
        }
        Some(Err(faults)) => faults.iter().for_each(|fault| diagnostic_ui(ui, fault)),
    }
}

impl App {
    pub(super) fn show_share(&mut self, share: Share) {
        if !self.state.is_open {
            return;
        }
        self.dismiss_suggestion();
        self.state.share = ShareState::default();
        let path = share.proposed(&self.state);
        self.view.show_dialog(Dialog::Share { share, path });
    }

    pub(super) fn start_share(&mut self, ctx: &Context, share: Share, path: PathBuf) {
        let look = if ctx.theme() == egui::Theme::Dark { Look::Dark } else { Look::Light };
        let answers = AnswersTask {
            project: self.state.project.clone(),
            plan: self.state.plan_of_project(),
            base: self.state.base(),
            parameters: self.state.parameters(),
        };
        self.state.share = ShareState { busy: true, outcome: None };
        let file = self.state.path.clone();
        self.backend.share(ShareTask { answers, file, share, path, look });
    }
}
