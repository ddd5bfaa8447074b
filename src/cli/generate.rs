//! `pipewright generate`: the data of the worked examples.

use std::fs::{self, File};

use pipewright_core::generate::{ShopOptions, shop};

use super::args::{ExampleName, GenerateArgs};
use super::{Outcome, VerbResult, unwritable};

pub fn generate(args: &GenerateArgs) -> VerbResult {
    fs::create_dir_all(&args.out).map_err(|error| unwritable(&args.out, &error))?;
    let ExampleName::Shop = args.example;
    let defaults = ShopOptions::default();
    let options = ShopOptions { seed: args.seed, rows: args.rows.unwrap_or(defaults.rows) };
    let report = shop(&options, &mut |name| Ok(Box::new(File::create(args.out.join(name))?)))
        .map_err(|error| unwritable(&args.out, &error))?;
    for file in &report.files {
        eprintln!("{}: {} lines, {} bytes", args.out.join(file.name).display(), file.lines, file.bytes);
    }
    Ok(Outcome::Done)
}
