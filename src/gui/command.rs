//! Every command of the designer in one list: from it come menus, tooltips, shortcuts, the palette and the list of
//! keys. And `Action`: what panels ask for. Imports egui's keys only.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, KeyboardShortcut, Modifiers};
use pipewright_core::model::Id;
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{Dials, RowsChart};
use pipewright_core::project::Edit;
use pipewright_engine::{Arrangement, TextForm};

use super::backend::ResultTable;
use super::canvas::PortRef;
use super::dialogs::recovery::RecoverAnswer;
use super::panels::lines::LinesOf;
use super::panels::ways::WayOf;
use super::present::Turn;
use super::share::Share;
use super::state::FollowedColumn;

macro_rules! commands {
    ($($name:ident => $text:literal, $doc:literal, [$($keys:expr),*];)*) => {
        /// A command without arguments.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Command {
            $($name,)*
        }

        impl Command {
            /// Every command, in the order in which lists show them.
            pub const ALL: &'static [Command] = &[$(Command::$name,)*];

            /// What menus, buttons and the palette say.
            pub const fn text(self) -> &'static str {
                match self { $(Command::$name => $text,)* }
            }

            /// One sentence more, for tooltips.
            pub const fn doc(self) -> &'static str {
                match self { $(Command::$name => $doc,)* }
            }

            /// The keys that give it; menus show the first.
            pub fn shortcuts(self) -> &'static [KeyboardShortcut] {
                match self { $(Command::$name => const { &[$($keys),*] },)* }
            }
        }
    };
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers { alt: false, ctrl: false, shift: true, mac_cmd: false, command: true }, key)
}

commands! {
    New => "New project", "Starts an empty project.", [ctrl(Key::N)];
    Open => "Open…", "Opens a project, or data files as new sources.", [ctrl(Key::O)];
    AddPlace => "From an API or a database…", "Adds a source that a connection leads to: an HTTP API, a database, an object store.", [];
    Example => "Open the worked example", "Opens a copy of the example: a shop's logs, its questions and their answers.", [];
    Save => "Save", "Saves the project.", [ctrl(Key::S)];
    SaveAs => "Save as…", "Saves the project under another name.", [ctrl_shift(Key::S)];
    Undo => "Undo", "Takes the last change back.", [ctrl(Key::Z)];
    Redo => "Redo", "Does the change again that was taken back last.", [ctrl(Key::Y), ctrl_shift(Key::Z)];
    Copy => "Copy", "Copies the selected steps with their inner wires, as text.", [];
    CopyCommandLine => "Copy as a command line", "Copies what shows the selected step's rows in a terminal.", [];
    CopySql => "Copy as DuckDB SQL", "Copies the selected step, with all before it, as SQL for DuckDB.", [];
    Cut => "Cut", "Copies the selected steps and deletes them.", [];
    Paste => "Paste", "Inserts copied steps.", [];
    Duplicate => "Duplicate", "Copies the selected steps and inserts the copies beside them.", [ctrl(Key::D)];
    Delete => "Delete", "Deletes what is selected.", [plain(Key::Delete), plain(Key::Backspace)];
    Bypass => "Bypass", "Leaves the selected steps out: rows pass as they come, loads write nothing. Once more takes them in again.", [plain(Key::B)];
    SelectAll => "Select all", "Selects every step.", [ctrl(Key::A)];
    SelectNone => "Select nothing", "Clears the selection.", [plain(Key::Escape)];
    AddStep => "Add step…", "Opens the list of steps at the pointer.", [plain(Key::Tab), KeyboardShortcut::new(Modifiers::SHIFT, Key::A)];
    Frame => "Frame the selection", "Draws a titled frame around the selected steps.", [ctrl(Key::G)];
    Group => "Group the selection", "Shows the selected steps as one; once more opens or closes the group.", [ctrl_shift(Key::G)];
    Note => "Add note", "Puts a note on the canvas.", [];
    Comment => "Comment", "Says something of the selected step, wire or question.", [plain(Key::C)];
    Question => "Ask a question", "Adds a question to the project.", [];
    AcceptSuggestion => "Accept the suggestion", "Puts the suggested steps into the design.", [ctrl(Key::Enter)];
    AcceptPart => "Accept up to the selection", "Puts the selected suggested steps, and those before them, into the design.", [ctrl_shift(Key::Enter)];
    NextSuggestion => "Next suggestion", "Shows the next best way to answer the question.", [ctrl(Key::Period)];
    DismissSuggestion => "Dismiss the suggestion", "Takes the suggested steps off the canvas.", [ctrl(Key::Backspace)];
    LookForFindings => "Look for findings", "Reads every source and shows what stands out.", [];
    Coverage => "Show coverage", "Shows which source answers which question.", [plain(Key::F8)];
    Lines => "Show the raw lines", "Shows the lines of the sources behind the row that is chosen in the preview.", [ctrl(Key::L)];
    KeepBlock => "Save to the palette…", "Keeps the selected steps with their inner wires, to be used again in any project.", [];
    Pin => "Pin rows", "Keeps a few rows of the selected step's inputs with what it makes of them, as a test of the project.", [];
    Layout => "Arrange steps", "Lays the selected steps out, or all.", [ctrl_shift(Key::L)];
    Fit => "Show everything", "Fits the whole flow into view.", [plain(Key::Home)];
    FitSelection => "Show the selection", "Fits the selected steps into view.", [KeyboardShortcut::new(Modifiers::SHIFT, Key::Home)];
    ZoomIn => "Zoom in", "Makes the canvas larger.", [];
    ZoomOut => "Zoom out", "Makes the canvas smaller.", [];
    Search => "Search and commands", "Finds every command, step, column and question.", [ctrl(Key::P)];
    Find => "Find a step", "Searches the steps of the flow.", [ctrl(Key::F)];
    Check => "Show problems", "Lists everything that is wrong with the design.", [plain(Key::F7)];
    Run => "Run", "Runs the design on the whole input.", [plain(Key::F5)];
    Export => "Export…", "Writes the design as a pipeline that runs without the designer.", [ctrl(Key::E)];
    Present => "Present answers", "Shows the answers one by one, large, for a meeting.", [plain(Key::F11)];
    ExportAnswers => "Export the answers…", "Writes the answers as one page or as pictures, for people without the designer.", [];
    ExportMap => "Export the map…", "Writes the steps and wires as a picture or as PDF.", [];
    FoldBelow => "Fold the panel below", "Folds preview, problems and run to their tabs, or opens them.", [plain(Key::F9)];
    FoldSides => "Fold the side panels", "Gives the canvas the whole width, or takes it back.", [ctrl(Key::Backslash)];
    NextPanel => "Next panel", "Moves the keyboard to the next panel.", [plain(Key::F6)];
    Theme => "Light or dark", "Switches between the light and the dark look.", [];
    LargerText => "Larger interface", "Makes everything larger.", [];
    SmallerText => "Smaller interface", "Makes everything smaller.", [];
    Keys => "Keyboard", "Lists all keys.", [];
    Quit => "Quit", "Closes the designer.", [ctrl(Key::Q)];
}

impl Command {
    /// Shown beside the text: `Ctrl+Z`. Empty where there is none.
    pub fn keys(self, ctx: &egui::Context) -> String {
        match self {
            Command::Copy => "Ctrl+C".into(),
            Command::Cut => "Ctrl+X".into(),
            Command::Paste => "Ctrl+V".into(),
            Command::Keys => "?".into(),
            Command::ZoomIn => "+".into(),
            Command::ZoomOut => "-".into(),
            Command::LargerText => "Ctrl++".into(),
            Command::SmallerText => "Ctrl+-".into(),
            _ => self.shortcuts().first().map(|keys| ctx.format_shortcut(keys)).unwrap_or_default(),
        }
    }

    /// Whether the canvas itself takes its keys, while it has the keyboard.
    pub fn is_of_canvas(self) -> bool {
        use Command::*;
        matches!(self, Delete | SelectAll | SelectNone | AddStep | Fit | FitSelection)
    }

    /// Whether it means the canvas: it is left alone while a text field has the keyboard.
    pub fn yields_to_text(self) -> bool {
        use Command::*;
        match self {
            Undo | Redo | Copy | Cut | Paste | Delete | SelectAll | SelectNone | AddStep | Fit | FitSelection
            | Duplicate | Bypass | Comment | DismissSuggestion | ZoomIn | ZoomOut | Keys => true,
            New | Open | AddPlace | Example | Save | SaveAs | Frame | Group | KeepBlock | Pin | CopyCommandLine
            | CopySql | Note | Question | Layout | Search | Find | Check | Run | Export | FoldBelow | FoldSides
            | Present | ExportAnswers | ExportMap | AcceptSuggestion | AcceptPart | NextSuggestion
            | LookForFindings | Coverage | Lines | NextPanel | Theme | LargerText | SmallerText | Quit => false,
        }
    }
}

/// What a panel asks for. Handled after the frame is drawn, in order.
#[derive(Debug, Clone)]
pub enum Action {
    Command(Command),
    /// A batch of edits; `joins`: typing that becomes one undo step with the change before.
    Edit {
        label: String,
        edits: Vec<Edit>,
        joins: bool,
    },
    /// Selects these steps; `reveal`: brings them into view.
    Select {
        steps: Vec<Id>,
        reveal: bool,
    },
    /// Shows a source, question or parameter list in the inspector.
    Choose(Chosen),
    /// Shows a step and puts the keyboard into one of its fields (`columns.c1.expression`).
    FocusField {
        step: Id,
        field: String,
    },
    /// Opens the step palette; `at`: canvas place of the new step, `screen`: place of the popup.
    Palette {
        at: Option<egui::Pos2>,
        screen: Option<egui::Pos2>,
        from: Option<PortRef>,
    },
    /// Places a step of a kind; wires it to `from`, or else to the selection.
    Place {
        kind: &'static str,
        at: Option<egui::Pos2>,
        from: Option<PortRef>,
    },
    /// A File step (or Planned source) for a source that is there.
    PlaceSource(Id),
    /// Opens projects, or data files as sources; `at`: canvas place of the first new step.
    OpenPaths {
        paths: Vec<PathBuf>,
        at: Option<egui::Pos2>,
    },
    SaveTo(PathBuf),
    /// Looks at a source's file again and freezes what it finds: format and columns, or only the columns.
    SniffSource {
        source: Id,
        keeps_format: bool,
    },
    /// Takes a sample of a source that a connection leads to.
    TakeSample(Id),
    /// Opens a connection, and says what answers.
    TestConnection(Id),
    /// Columns of a source by example: shows its first lines, to be marked.
    MarkLines(Id),
    /// Learns a pattern from the marks.
    LearnMarks,
    /// The source is read by what was learned.
    AcceptMarks,
    /// A native file dialog off the UI thread.
    Browse(Browse),
    ShowTab(BottomTab),
    /// Parameters as they were typed; those not given take their defaults.
    StartRun {
        out: PathBuf,
        parameters: BTreeMap<String, String>,
        incremental: bool,
    },
    CancelRun,
    /// Looks for what stands out in the sources, on the whole input.
    LookForFindings,
    /// Looks again at what the sources answer, reading their samples anew.
    LookAgain,
    /// Works out how a question can be answered, with thresholds that differ from its own.
    Suggest {
        question: Id,
        dials: Dials,
    },
    /// Shows the proof of a cell of the coverage.
    ShowCell {
        question: Id,
        source: Id,
    },
    /// Asks for the file that a planned source waited for.
    AskForReal(Id),
    /// The data of a planned source is there: looks at the file and shows what differs.
    ReplacePlanned {
        source: Id,
        path: PathBuf,
    },
    /// Puts the real file in the place of the planned source.
    AcceptReal,
    /// What goes with the rows of a step that fulfil a condition.
    Differs {
        step: Id,
        condition: String,
    },
    /// Estimates rows and bytes a day of every source, wire and destination; `price`: of a gigabyte that is kept.
    EstimateVolume {
        price: Option<f64>,
    },
    /// Pins the policy of the organisation.
    PinPolicy(PathBuf),
    /// Plans the data that the shown question lacks, and asks again.
    PlanGaps,
    /// What goes with the rows that a finding is about.
    DiffersOfFinding(Box<Finding>),
    /// The lines behind rows of a step.
    Lines(LinesOf),
    /// Shows the lines behind the rows of a step that fulfil a condition.
    LinesWhere {
        step: Id,
        condition: String,
    },
    /// Puts a finding's flow into the design.
    AcceptFinding(Box<Finding>),
    StartExport {
        target: String,
        folder: PathBuf,
    },
    /// Writes answers or the map for others.
    StartShare {
        share: Share,
        path: PathBuf,
    },
    /// Goes on among the answers that are presented, or leaves them.
    Turn(Turn),
    /// What becomes of a journal that a crash left.
    Recover(RecoverAnswer),
    /// Shows the file as others left it.
    Reload,
    /// The project may read what it names outside of its folder.
    Trust,
    /// What is shown is to be saved over what others left.
    KeepMine,
    /// Lists what differs between the two.
    Compare,
    /// Saves over what stood in the way.
    SaveAnyway,
    SaveElsewhere,
    /// Answers to “unsaved changes”.
    Unsaved(UnsavedAnswer),
    /// Answers to “a run is going on”.
    StopAndClose,
    Dismiss,
    CopyText(String),
    /// Copies rows of a table: in an order, or as they are.
    CopyRows {
        table: Arc<ResultTable>,
        order: Option<Arc<Vec<u32>>>,
        columns: Vec<usize>,
        form: TextForm,
    },
    /// Looks for the rows of a table that are wanted.
    Arrange {
        table: Arc<ResultTable>,
        arrangement: Arrangement,
    },
    /// Puts rows beside those before their step.
    CompareRows {
        table: Arc<ResultTable>,
        input: Arc<ResultTable>,
    },
    /// Mines the patterns of the texts of a column that leave a step by a port.
    Patterns {
        table: Arc<ResultTable>,
        step: Id,
        port: String,
        column: String,
    },
    /// Counts the patterns of the dialog in a step.
    KeepPatterns,
    /// Works out a chart of a table; `wanted`: else a guess.
    Chart {
        table: Arc<ResultTable>,
        wanted: Option<RowsChart>,
    },
    /// Says something of a step, a wire or a question; `answers`: another comment, or nothing.
    Comment {
        about: Id,
        answers: Id,
        text: String,
    },
    /// The name under which comments are written.
    Author(String),
    /// Shows a step, a wire or a question.
    ShowThing(Id),
    /// Counts the rows of every output on the whole input.
    Scan,
    StopScan,
    /// Follows a row through the flow.
    Ways(WayOf),
    /// Shows a row of a step in the preview.
    ShowRow {
        step: Id,
        row: usize,
    },
    /// Counts the rows of a table that fulfil a condition.
    CountTrue {
        table: Arc<ResultTable>,
        condition: String,
    },
    /// Works out how the keys of two tables fit.
    FitKeys {
        tables: [Arc<ResultTable>; 2],
        pairs: Vec<(String, String)>,
    },
    /// Makes steps of how rows are looked at.
    KeepLook {
        step: Id,
        port: String,
        arrangement: Arrangement,
    },
    /// Keeps the selected steps in the palette under a name.
    KeepBlock(String),
    /// Inserts the steps of the palette's entry of that name; wires them to the port, or to the selection.
    PlaceBlock {
        name: String,
        at: Option<egui::Pos2>,
        from: Option<PortRef>,
    },
    /// Takes an entry out of the palette.
    ForgetBlock(String),
    /// What a step makes of pinned rows now is what is expected of it.
    Repin(Id),
    /// Lights the way of a column through the design.
    FollowColumn(Option<FollowedColumn>),
    /// Copied steps, to be inserted at a canvas place.
    PasteText {
        text: String,
        at: Option<egui::Pos2>,
    },
}

/// A native dialog's purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Browse {
    Open,
    SaveAs,
    ExportFolder,
    RunFolder,
    /// Where answers or the map are written.
    ShareFile,
    ShareFolder,
    /// The file that a planned source waited for.
    Real(Id),
    /// A path setting of a step or source: item id and field.
    Field {
        id: Id,
        field: String,
        folder: bool,
    },
}

/// What was answered to “unsaved changes”.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsavedAnswer {
    Save,
    Discard,
    Cancel,
}

/// What the inspector shows when it is not a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Chosen {
    #[default]
    Project,
    Source(Id),
    Question(Id),
    /// A ready-made question that the project has not.
    Ready(String),
    Request(Id),
    Note(Id),
    Frame(Id),
    Group(Id),
}

/// Tabs of the lower panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BottomTab {
    #[default]
    Preview,
    Unread,
    Problems,
    Coverage,
    Differs,
    Lines,
    Volume,
    Run,
}

/// Tabs of the left panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeftTab {
    #[default]
    Questions,
    Sources,
    Steps,
    Findings,
}

/// Actions of one frame.
#[derive(Debug, Default)]
pub struct Actions(Vec<Action>);

impl Actions {
    pub fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    pub fn command(&mut self, command: Command) {
        self.push(Action::Command(command));
    }

    pub fn edit(&mut self, label: impl Into<String>, edits: Vec<Edit>) {
        self.push(Action::Edit { label: label.into(), edits, joins: false });
    }

    pub fn typed(&mut self, label: impl Into<String>, edit: Edit, joins: bool) {
        self.push(Action::Edit { label: label.into(), edits: vec![edit], joins });
    }

    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_keys() {
        let mut seen = std::collections::BTreeMap::new();
        for command in Command::ALL {
            for keys in command.shortcuts() {
                let name = format!("{:?} {:?}", keys.modifiers, keys.logical_key);
                assert_eq!(seen.insert(name, command), None, "{command:?}");
            }
        }
    }
}
