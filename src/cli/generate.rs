//! `pipewright generate`: the data of the worked examples.

use std::fs::File;

use pipewright_core::files::FolderUpdate;
use pipewright_core::generate::{ShopOptions, TEAM_ROWS, shop, teams};

use super::args::{ExampleName, GenerateArgs};
use super::{Failure, Outcome, VerbResult, unwritable};

pub fn generate(args: &GenerateArgs) -> VerbResult {
    let mut update = FolderUpdate::new(&args.out, "generate");
    let mut refused = None;
    let mut create = |name: &str| {
        let aside = update.file(name).map_err(|fault| {
            let message = fault.message.clone();
            refused = Some(fault);
            std::io::Error::other(message)
        })?;
        Ok(Box::new(File::create(aside)?) as Box<dyn std::io::Write>)
    };
    let made = match args.example {
        ExampleName::Shop => {
            let rows = args.rows.unwrap_or(ShopOptions::default().rows);
            shop(&ShopOptions { seed: args.seed, rows }, &mut create)
        }
        ExampleName::Teams => teams(args.seed, args.rows.unwrap_or(TEAM_ROWS), &mut create),
    };
    let report = made.map_err(|error| refused.map_or_else(|| unwritable(&args.out, &error), Failure::from))?;
    update.publish(args.force)?;
    for file in &report.files {
        tell!("{}: {} lines, {} bytes", args.out.join(file.name).display(), file.lines, file.bytes);
    }
    Ok(Outcome::Done)
}
