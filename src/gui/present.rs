//! The answers of a project one by one, large, for a meeting; by the keyboard alone. Reads the state and asks for actions;
//! what is shown is worked out on the whole input, as what is written for others.

use egui::{Align, CentralPanel, Context, Frame, Key, Layout, Margin, Modifiers, RichText, ScrollArea, Ui, vec2};
use pipewright_app::Answers;
use pipewright_core::data::figures::grouped;
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::export::answers::AnswerPage;
use pipewright_core::export::charts::chart;

use super::app::App;
use super::backend::AnswersTask;
use super::command::{Action, Actions, Command};
use super::forms::diagnostic_ui;
use super::marked::marked_ui;
use super::pictured::drawing_ui;
use super::state::view::View;
use super::state::{StateRef, counted};
use super::theme;
use super::widgets::{primary_button, shown_name};

/// The answers as they are shown.
#[derive(Debug, Default)]
pub struct PresentState {
    /// Number of the look under way.
    pub looking: Option<u64>,
    /// Of the design as it was when they were asked for.
    pub outcome: Option<Result<Answers, Vec<Diagnostic>>>,
}

/// Where in them the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    First,
    Previous,
    Next,
    Last,
    Leave,
}

impl App {
    /// Begins with the answer that is selected, or the first one.
    pub(super) fn present(&mut self) {
        if !self.state.is_open {
            return;
        }
        self.dismiss_suggestion();
        self.state.present = PresentState { looking: Some(self.ask_answers()), outcome: None };
        self.view.present = Some(0);
        self.view.present_first = self.state.selected_step().map(|step| step.id.clone());
    }

    fn ask_answers(&mut self) -> u64 {
        let task = AnswersTask {
            project: self.state.project.clone(),
            plan: self.state.plan_of_project(),
            base: self.state.base(),
            parameters: self.state.parameters(),
        };
        self.backend.answers(task)
    }

    pub(super) fn show_answers(&mut self, outcome: Result<Answers, Vec<Diagnostic>>) {
        let first = self.view.present_first.take();
        if let (Some(at), Ok(answers)) = (&mut self.view.present, &outcome) {
            *at = answers.pages.iter().position(|page| Some(&page.step) == first.as_ref()).unwrap_or(0);
        }
        self.state.present = PresentState { looking: None, outcome: Some(outcome) };
    }

    pub(super) fn turn(&mut self, turn: Turn) {
        let Some(at) = self.view.present else { return };
        let count = match &self.state.present.outcome {
            Some(Ok(answers)) => answers.pages.len(),
            Some(Err(_)) | None => 0,
        };
        let last = count.saturating_sub(1);
        self.view.present = match turn {
            Turn::First => Some(0),
            Turn::Previous => Some(at.saturating_sub(1)),
            Turn::Next => Some((at + 1).min(last)),
            Turn::Last => Some(last),
            Turn::Leave => None,
        };
    }
}

/// Keys of a meeting, before widgets and commands see them.
pub fn take_keys(ctx: &Context, view: &View, out: &mut Actions) {
    // A list that is open has the keys.
    if view.present.is_none() || view.dialog.is_some() || egui::Popup::is_any_open(ctx) {
        return;
    }
    let is_on_button = ctx.memory(|memory| memory.focused().is_some());
    let keys = [
        (Key::ArrowRight, Turn::Next),
        (Key::ArrowDown, Turn::Next),
        (Key::PageDown, Turn::Next),
        (Key::Space, Turn::Next),
        (Key::ArrowLeft, Turn::Previous),
        (Key::ArrowUp, Turn::Previous),
        (Key::PageUp, Turn::Previous),
        (Key::Home, Turn::First),
        (Key::End, Turn::Last),
        (Key::Escape, Turn::Leave),
    ];
    for (key, turn) in keys {
        // A button that has the keyboard is pressed by it.
        let is_free = !(is_on_button && key == Key::Space);
        if is_free && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            out.push(Action::Turn(turn));
        }
    }
}

/// The window.
pub fn present_ui(ui: &mut Ui, state: StateRef<'_>, view: &View, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let Some(at) = view.present else { return };
    let room = ui.available_size();
    // A page of 1180 by 640 points fills the window.
    let scale = (room.x / 1180.0).min(room.y / 640.0).clamp(0.7, 2.6);
    let margin = Margin::symmetric((40.0 * scale) as i8, (16.0 * scale) as i8);
    CentralPanel::default().frame(Frame::new().fill(palette.panel).inner_margin(margin)).show(ui, |ui| {
        let pages: &[AnswerPage] = match &state.present.outcome {
            Some(Ok(answers)) => &answers.pages,
            Some(Err(_)) | None => &[],
        };
        head_ui(ui, state, at, pages.len(), scale, out);
        ui.add_space(theme::SPACE_4 * scale);
        match (&state.present.outcome, pages.get(at)) {
            (_, Some(page)) => {
                ScrollArea::vertical().id_salt(("answer", at)).auto_shrink([false, false]).show(ui, |ui| {
                    page_ui(ui, page, scale);
                });
            }
            (Some(Err(faults)), None) => {
                nothing_ui(ui, faults, scale, out);
            }
            (Some(Ok(_)) | None, None) => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("The answers are worked out on the whole input…");
                });
            }
        }
    });
}

/// Why there is no answer, and the way to one.
fn nothing_ui(ui: &mut Ui, faults: &[Diagnostic], scale: f32, out: &mut Actions) {
    ui.add_space(ui.available_height() * 0.2);
    let heading = theme::scaled(&theme::number(), theme::NUMBER * scale);
    ui.label(RichText::new("There is no answer to show").font(heading));
    ui.add_space(theme::SPACE_3 * scale);
    let palette = theme::palette(ui.ctx());
    let body = theme::scaled(&theme::body(), theme::BODY * scale.min(1.6));
    for fault in faults {
        ui.label(RichText::new(&fault.message).font(body.clone()));
        if let Some(help) = &fault.help {
            ui.label(RichText::new(help).font(body.clone()).color(palette.soft));
        }
    }
    ui.add_space(theme::SPACE_4 * scale);
    if primary_button(ui, "Ask a question").clicked() {
        out.push(Action::Turn(Turn::Leave));
        out.command(Command::Question);
    }
}

/// Which answer it is, and the ways on, in the order in which Tab goes.
fn head_ui(ui: &mut Ui, state: StateRef<'_>, at: usize, count: usize, scale: f32, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    // Smaller than the page grows, so that it stays the head.
    let scale = scale.clamp(1.0, 1.6);
    ui.horizontal(|ui| {
        for style in [egui::TextStyle::Body, egui::TextStyle::Button] {
            ui.style_mut().text_styles.insert(style, theme::scaled(&theme::body(), theme::BODY * scale));
        }
        let place = if count > 0 { format!(" · answer {} of {count}", at + 1) } else { String::new() };
        let name = shown_name(&state.project.name, 60);
        ui.label(RichText::new(format!("{name}{place}")).color(palette.soft));
        left_out_ui(ui, state, count);
        warnings_ui(ui, state);
        let texts = ["←  Previous", "Next  →", "Export…", "Close  Esc"];
        let width = |ui: &Ui, text: &str| {
            let font = egui::TextStyle::Button.resolve(ui.style());
            let galley = ui.painter().layout_no_wrap(text.to_owned(), font, palette.text);
            galley.size().x + 2.0 * ui.spacing().button_padding.x
        };
        let gaps = ui.spacing().item_spacing.x * (texts.len() - 1) as f32;
        let wide: f32 = texts.iter().map(|text| width(ui, text)).sum::<f32>() + gaps;
        ui.add_space((ui.available_width() - wide).max(0.0));
        let enabled = [at > 0, at + 1 < count, count > 0, true];
        for (text, is_there) in texts.into_iter().zip(enabled) {
            if !ui.add_enabled(is_there, egui::Button::new(text)).clicked() {
                continue;
            }
            match text {
                "←  Previous" => out.push(Action::Turn(Turn::Previous)),
                "Next  →" => out.push(Action::Turn(Turn::Next)),
                "Export…" => out.command(Command::ExportAnswers),
                _ => out.push(Action::Turn(Turn::Leave)),
            }
        }
    });
}

/// How many answers of the design are not among those that are shown.
fn left_out_ui(ui: &mut Ui, state: StateRef<'_>, count: usize) {
    let answers = state.project.steps.values().filter(|step| step.kind == "answer" && !step.bypassed).count();
    let left_out = answers.saturating_sub(count);
    if count > 0 && left_out > 0 {
        let palette = theme::palette(ui.ctx());
        let told = format!("{} cannot be worked out", counted(left_out as u64, "answer"));
        ui.label(RichText::new(told).color(palette.ink(palette.bad)));
    }
}

/// How much is warned of in the project; opened, what.
fn warnings_ui(ui: &mut Ui, state: StateRef<'_>) {
    let Some(Ok(answers)) = &state.present.outcome else { return };
    let faults: Vec<&Diagnostic> = answers.told.iter().filter(|told| told.severity == Severity::Warning).collect();
    if faults.is_empty() {
        return;
    }
    let palette = theme::palette(ui.ctx());
    // A design without problems is warned of what its data are like.
    let is_of_data = state.problems.iter().all(|problem| problem.severity == Severity::Hint);
    let of = if is_of_data { "about the data" } else { "in the project" };
    let told = format!("{} {of}", counted(faults.len() as u64, "warning"));
    ui.menu_button(RichText::new(told).color(palette.ink(palette.warning)), |ui| {
        const WIDTH: f32 = 520.0;
        ui.set_max_width(WIDTH);
        faults.iter().for_each(|fault| diagnostic_ui(ui, fault));
    });
}

/// The sentence and what goes with it at the left, the chart at the right; without one everything in the middle.
fn page_ui(ui: &mut Ui, page: &AnswerPage, scale: f32) {
    let palette = theme::palette(ui.ctx());
    let sized = |font: egui::FontId, size: f32| theme::scaled(&font, size * scale);
    ui.add(egui::Label::new(RichText::new(page.heading()).font(sized(theme::title(), 26.0))).wrap());
    ui.label(RichText::new(page.byline()).font(sized(theme::body(), theme::BODY)).color(palette.soft));
    ui.add_space(20.0 * scale);
    let Some(plotted) = &page.chart else {
        return told_ui(ui, page, scale);
    };
    const GAP: f32 = 40.0;
    let whole = ui.available_width();
    let left = (whole - GAP * scale) * 0.42;
    ui.horizontal_top(|ui| {
        ui.allocate_ui_with_layout(vec2(left, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(left);
            told_ui(ui, page, scale);
        });
        ui.add_space(GAP * scale);
        ui.vertical(|ui| {
            let room = ui.available_width();
            drawing_ui(ui, &chart(plotted, room / scale), scale);
        });
    });
}

fn told_ui(ui: &mut Ui, page: &AnswerPage, scale: f32) {
    let palette = theme::palette(ui.ctx());
    let sized = |font: egui::FontId, size: f32| theme::scaled(&font, size * scale);
    let body = sized(theme::body(), theme::BODY);
    ui.horizontal_wrapped(|ui| {
        let number = RichText::new(&page.headline.number).font(sized(theme::number(), 52.0));
        ui.label(number.color(palette.load));
        let what = RichText::new(&page.headline.what).font(sized(theme::body(), 17.0));
        ui.label(what.color(palette.soft));
    });
    marked_ui(ui, &page.headline.sentence, &sized(theme::body(), 19.0), palette.text);
    ui.add_space(16.0 * scale);
    let heading = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).font(sized(theme::strong(), theme::BODY)));
    if !page.definition.is_empty() {
        heading(ui, "What it says");
        marked_ui(ui, &page.definition, &body, palette.soft);
        ui.add_space(12.0 * scale);
    }
    heading(ui, "Not in this number");
    for one in page.lost() {
        marked_ui(ui, &format!("{} {}", grouped(one.count), one.text), &body, palette.soft);
    }
    if page.lost().next().is_none() {
        marked_ui(ui, page.nothing_lost(), &body, palette.soft);
    }
    for other in &page.others {
        ui.add_space(8.0 * scale);
        marked_ui(ui, other, &body, palette.text);
    }
}
