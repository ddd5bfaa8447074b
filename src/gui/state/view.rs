//! What the window shows and what is typed into it, apart from the project: tabs, open dialogs, drafts, the canvas with
//! its scene. Never saved with the project. Imports the canvas and the forms' memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use egui::Pos2;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::model::Id;
use pipewright_core::project::{Edit, OnDisk, Project, ProjectChange, SaveFault};

use crate::gui::canvas::{Canvas, PortRef, Scene};
use crate::gui::command::{BottomTab, LeftTab};
use crate::gui::fold::Fold;
use crate::gui::forms::FormMemory;
use crate::gui::share::Share;
use crate::gui::state::arranged::Look;
use crate::gui::state::marking::Marking;
use crate::gui::state::patterns::ShownPatterns;

/// The step palette at a place.
#[derive(Debug, Default)]
pub struct PalettePopup {
    pub query: String,
    pub chosen: usize,
    /// Canvas place of the new step; `None`: beside the selection.
    pub at: Option<Pos2>,
    /// Where the popup opens.
    pub screen: Pos2,
    /// The port that a wire was drawn from.
    pub from: Option<PortRef>,
    /// It opened in this frame: the field takes the keyboard.
    pub is_new: bool,
}

/// Comments that are being written.
#[derive(Debug, Default)]
pub struct CommentsView {
    /// Id of what they are about.
    pub about: Id,
    pub draft: String,
    /// The comment that is being answered.
    pub answering: Option<Id>,
    pub answer: String,
    pub shows_settled: bool,
    /// The field shall take the keyboard.
    pub wants_focus: bool,
    pub answer_wants_focus: bool,
}

/// Search over everything.
#[derive(Debug, Default)]
pub struct Search {
    pub query: String,
    pub chosen: usize,
    /// Only steps (Ctrl+F).
    pub only_steps: bool,
    pub is_new: bool,
}

/// What is to be done once unsaved changes are settled.
#[derive(Debug, Clone)]
pub enum Then {
    Quit,
    New,
    Open(PathBuf),
    Example,
}

/// Files that somebody wants to be opened.
#[derive(Debug)]
pub struct AskedFor {
    /// As they were typed; empty: dropped, or chosen in another way.
    pub typed: String,
    /// No project was open.
    pub from_start: bool,
}

/// A dialog over the window.
#[derive(Debug)]
pub enum Dialog {
    Open {
        path: String,
        /// Why what was typed could not be opened.
        fault: Option<Diagnostic>,
    },
    SaveAs {
        path: String,
        then: Option<Then>,
    },
    Unsaved {
        then: Then,
    },
    /// The designer is to be closed while a run goes on.
    Running,
    Export {
        target: String,
        folder: String,
    },
    Run {
        out: String,
        parameters: BTreeMap<String, String>,
        /// Only what is new is read.
        incremental: bool,
    },
    /// The file that a planned source waited for.
    RealFile {
        source: String,
        path: String,
    },
    /// What differs between a planned source and the real file; accepted, the edits are applied.
    Real {
        title: String,
        path: String,
        edits: Vec<Edit>,
        differences: Vec<Diagnostic>,
    },
    /// What the file on the disk has otherwise.
    Compare(Vec<ProjectChange>),
    /// A save would write over what somebody else did; `then`: what waits for it.
    Conflict {
        path: PathBuf,
        fault: SaveFault,
        then: Option<Then>,
    },
    /// What is written for others, and where.
    Share {
        share: Share,
        path: String,
    },
    /// A wire would take the place of another.
    ReplaceWire {
        question: String,
        edits: Vec<Edit>,
    },
    /// The name of an own entry of the palette.
    KeepBlock {
        name: String,
    },
    /// Columns by example.
    Marks(Box<Marking>),
    /// The patterns of a column's texts.
    Patterns(Box<ShownPatterns>),
    Keys,
}

impl Dialog {
    /// Tells dialogs apart.
    pub fn name(&self) -> &'static str {
        match self {
            Dialog::Open { .. } => "open",
            Dialog::SaveAs { .. } => "save as",
            Dialog::Unsaved { .. } => "unsaved",
            Dialog::Running => "running",
            Dialog::Export { .. } => "export",
            Dialog::Run { .. } => "run",
            Dialog::RealFile { .. } => "real file",
            Dialog::Real { .. } => "real",
            Dialog::Compare(_) => "compare",
            Dialog::Conflict { .. } => "conflict",
            Dialog::Share { .. } => "share",
            Dialog::ReplaceWire { .. } => "replace wire",
            Dialog::KeepBlock { .. } => "keep block",
            Dialog::Marks(_) => "marks",
            Dialog::Patterns(_) => "patterns",
            Dialog::Keys => "keys",
        }
    }
}

/// What the preview shows of the chosen step.
#[derive(Debug, Default)]
pub struct PreviewView {
    /// Output port, where the step has several.
    pub port: Option<String>,
    /// The row that was chosen last.
    pub row: Option<u64>,
    /// Rows that are chosen besides it.
    pub with: BTreeSet<u64>,
    /// As a chart, not as a table.
    pub is_chart: bool,
    /// The lines of the sources behind the rows stand in their place.
    pub is_raw: bool,
    /// By step and output port: how its rows are looked at.
    looks: BTreeMap<(Id, String), Look>,
}

impl PreviewView {
    /// How the rows of an output are looked at.
    pub fn look(&self, step: &str, port: &str) -> &Look {
        static PLAIN: LazyLock<Look> = LazyLock::new(Look::default);
        self.looks.get(&(step.to_owned(), port.to_owned())).unwrap_or(&PLAIN)
    }

    pub fn look_mut(&mut self, step: &str, port: &str) -> &mut Look {
        self.looks.entry((step.to_owned(), port.to_owned())).or_default()
    }

    /// This row alone is chosen, or none.
    pub fn choose(&mut self, row: Option<u64>) {
        self.row = row;
        self.with.clear();
    }

    /// Every row that is chosen.
    pub fn chosen(&self) -> BTreeSet<u64> {
        self.with.iter().copied().chain(self.row).collect()
    }

    pub fn is_chosen(&self, row: u64) -> bool {
        self.row == Some(row) || self.with.contains(&row)
    }
}

/// The view.
#[derive(Default)]
pub struct View {
    pub left: LeftTab,
    pub bottom: BottomTab,
    pub fold: Fold,
    pub canvas: Canvas,
    pub scene: Scene,
    /// Revision of the project and version of the results that the scene was made of.
    pub drawn: Option<(u64, u64, bool)>,
    pub forms: FormMemory,
    /// What was shown last of the design: drafts go when another is shown, and that is seen from its top.
    pub shown_item: String,
    pub palette_query: String,
    pub questions: crate::gui::panels::questions::QuestionsView,
    pub coverage: crate::gui::panels::coverage::CoverageView,
    pub comments: CommentsView,
    /// Price of a gigabyte that is kept; 0: none.
    pub price: f64,
    /// The condition that is typed into “What differs?”, and of which step.
    pub differs: Option<(String, String)>,
    /// The condition on the rows whose lines are wanted, and of which step.
    pub lines_where: Option<(String, String)>,
    /// The answer from which somebody went to the rows behind it.
    pub came_from: Option<Id>,

    pub palette: Option<PalettePopup>,
    pub search: Option<Search>,
    pub dialog: Option<Dialog>,
    /// The answer that is presented.
    pub present: Option<usize>,
    /// The step whose answer is presented first, once they are worked out.
    pub present_first: Option<String>,
    /// The dialog opened in this frame: its field takes the keyboard.
    pub dialog_is_new: bool,
    pub preview: PreviewView,
    /// The first problem shall get the keyboard.
    pub problem_is_wanted: bool,
    /// A step that shall be brought into view once the canvas knows it.
    pub reveal: Option<String>,
    /// Steps that shall be shown together once the canvas knows them.
    pub fit_steps: Option<Vec<String>>,
    /// Everything shall be shown once the canvas knows where it is.
    pub fit: bool,
    /// Canvas place for files that are being recognised.
    pub drop_at: Option<Pos2>,
    /// What was asked for last, until it is there.
    pub asked_for: Option<AskedFor>,
    /// The panel that has the keyboard, or is to have it: left, canvas, inspector, below.
    panel: usize,
    panel_is_wanted: bool,
    /// Quit once the files are closed.
    pub closing: bool,
    pub may_close: bool,
    /// The files are closed since then, in seconds of the window: only a run that cleans up is waited for.
    pub closed_at: Option<f64>,
    /// Revision at which unsaved changes were given up for another project.
    pub given_up: Option<u64>,
    /// Chosen for the next save: the state of the file that is written over, and that somebody else has it open.
    pub save_over: Option<OnDisk>,
    /// Edits that give a project its paths from the folder that it is being saved in.
    pub moved: Vec<Edit>,
    pub despite_holder: bool,
    /// After a save: what was waiting for it.
    pub after_save: Option<Then>,
    /// Per target, the steps that it does not carry and why; of which revision.
    pub carried: (Option<u64>, Vec<(String, Vec<String>)>),
}

impl View {
    pub fn show_dialog(&mut self, dialog: Dialog) {
        self.dialog = Some(dialog);
        self.dialog_is_new = true;
    }

    /// F6: the next panel shall get the keyboard.
    pub fn next_panel(&mut self) {
        self.panel = (self.panel + 1) % 4;
        self.panel_is_wanted = true;
    }

    /// The keyboard is in the panel of that index: F6 goes on from there.
    pub fn stand_in_panel(&mut self, index: usize) {
        if !self.panel_is_wanted {
            self.panel = index;
        }
    }

    /// Whether the panel of that index shall take the keyboard; says so once.
    pub fn takes_panel(&mut self, index: usize) -> bool {
        let is_wanted = self.panel_is_wanted && self.panel == index;
        self.panel_is_wanted &= !is_wanted;
        is_wanted
    }

    /// Another project is shown.
    pub fn reset(&mut self, project: &Project) {
        let is_empty = project.steps.is_empty();
        self.canvas = Canvas::default();
        self.scene = Scene { revision: self.scene.revision, ..Scene::default() };
        self.drawn = None;
        self.forms.clear();
        self.preview = PreviewView::default();
        self.palette = None;
        self.search = None;
        self.drop_at = None;
        self.present = None;
        self.fit_steps = None;
        self.questions = Default::default();
        self.coverage = Default::default();
        self.comments = CommentsView::default();
        self.differs = None;
        self.lines_where = None;
        self.came_from = None;
        self.left = if !is_empty && project.questions.is_empty() { LeftTab::Steps } else { LeftTab::Questions };
        self.bottom = BottomTab::Preview;
    }
}
