//! Arguments of the verbs that open connections, and of the one that is connected to.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use pipewright_engine::PLACE_SAMPLE_ROWS;

use super::{Form, whole_number};

#[derive(Args, Debug)]
pub struct SampleArgs {
    pub project: PathBuf,
    /// Id or title of the source
    pub source: String,
    /// About how many rows
    #[arg(long, default_value_t = PLACE_SAMPLE_ROWS, value_parser = whole_number, allow_negative_numbers = true)]
    pub rows: u64,
    /// Value of a parameter, in the place of its default
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
}

#[derive(Args, Debug)]
pub struct ConnectionsArgs {
    pub project: PathBuf,
    /// Open the connection with this id or title, and say what answers
    #[arg(long, value_name = "NAME")]
    pub test: Option<String>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The folder of reports that `run --report FOLDER/NAME.json` has written
    pub reports: PathBuf,
    /// Address and port of the page; port 0 is one that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// Let other machines see it too: there is no password
    #[arg(long)]
    pub other_hosts: bool,
}
