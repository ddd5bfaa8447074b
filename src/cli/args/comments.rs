//! Arguments of `comments`.

use std::path::PathBuf;

use clap::Args;

use super::Form;

#[derive(Args, Debug)]
pub struct CommentsArgs {
    pub project: PathBuf,
    /// Only what is said of this step, wire or question, by id or title
    #[arg(long, value_name = "THING")]
    pub about: Option<String>,
    /// What is settled, too
    #[arg(long)]
    pub all: bool,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}
