//! The panels of the window: what is drawn around, above and on the canvas. Each reads the state and asks for actions;
//! none changes anything.

pub(super) mod answer_card;
pub(super) mod canvas_panel;
pub(super) mod coverage;
pub(super) mod differs;
pub(super) mod findings;
pub(super) mod flow_view;
pub(super) mod guide;
pub(super) mod inspector;
pub(super) mod lines;
pub(super) mod meanings;
pub(super) mod palette;
pub(super) mod pins;
pub(super) mod preview;
pub(super) mod preview_bar;
pub(super) mod problems;
pub(super) mod question_view;
pub(super) mod questions;
pub(super) mod requests;
pub(super) mod run_panel;
pub(super) mod sentence;
pub(super) mod sources;
pub(super) mod start;
pub(super) mod statusbar;
pub(super) mod topbar;
pub(super) mod unread;
pub(super) mod volume;
