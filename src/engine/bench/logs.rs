//! Logs of other formats for `bench parse`: made of the same events, so that their figures can be held beside each other.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::Read;

use super::{Better, Measure, all_columns, best_of, failed, rate, source_in};
use crate::cancel::Cancel;
use crate::patterns::{MinedColumns, mine};
use crate::profile::profile_source;

/// A format with the name of its measure and the megabytes a second that it should reach.
const LOGS: [(&str, &str, f64); 4] = [
    ("logfmt", "logfmt to columns", 400.0),
    ("syslog_3164", "syslog to columns", 400.0),
    ("cri", "CRI lines to columns", 400.0),
    ("application_log", "log4j lines to columns", 300.0),
];

/// Reading each of the formats, the patterns of one's messages, and the profile of one's columns.
pub(super) fn measures(megabytes: u64) -> Result<Vec<Measure>, Diagnostic> {
    let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
    let mut measures = Vec::new();
    for (format, name, budget) in LOGS {
        let (read, size) = made(folder.path(), format, megabytes)?;
        let seconds = best_of(3, || all_columns(&read, folder.path()))?;
        measures.push(Measure::new(name, rate(size, seconds), "MB/s", Some(budget), Better::Higher));
        if format == "application_log" {
            let columns = MinedColumns::of(&read.schema, "message");
            let seconds = best_of(2, || mine(&read, &columns, folder.path(), &Cancel::new()).map(drop))?;
            let value = rate(size, seconds);
            measures.push(Measure::new("log4j lines to patterns", value, "MB/s", Some(200.0), Better::Higher));
            let seconds = best_of(2, || profile_source(&read, folder.path(), &Cancel::new()).map(drop))?;
            let value = rate(size, seconds);
            measures.push(Measure::new("log4j lines to a profile", value, "MB/s", Some(250.0), Better::Higher));
        }
        // One of them lies on the disk at a time.
        std::fs::remove_file(folder.path().join(format)).map_err(|error| failed(&error))?;
    }
    Ok(measures)
}

/// A file of about that many megabytes, and its size.
fn made(folder: &Path, format: &str, megabytes: u64) -> Result<(Read, u64), Diagnostic> {
    let path = folder.join(format);
    let size = write(&path, format, megabytes * 1_000_000).map_err(|error| failed(&error))?;
    Ok((source_in(folder, format, FormatSpec::new(format))?, size))
}

fn write(path: &Path, format: &str, bytes: u64) -> io::Result<u64> {
    const LEVELS: [&str; 8] = ["INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"];
    const LOGGERS: [&str; 3] = ["com.example.shop.Checkout", "com.example.shop.Stock", "org.example.http.Pool"];
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = fastrand::Rng::with_seed(1);
    let (mut written, mut line, mut text) = (0, 0_u64, Vec::new());
    while written < bytes {
        let (second, millis) = (line / 50, line % 50 * 20);
        let clock = format!("{:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60);
        let day = second / 86_400 % 28 + 1;
        let (level, logger) = (LEVELS[random.usize(0..LEVELS.len())], LOGGERS[random.usize(0..LOGGERS.len())]);
        let (order, took, host) = (random.u32(..), random.u32(1..5000), random.u8(..));
        let message = match line % 4 {
            0 => format!("order {order} of 10.0.0.{host} took {took} ms"),
            1 => format!("connection to 10.0.0.{host}:5432 was opened after {took} ms"),
            2 => format!("stock of item {order} is read from /var/shop/{host}.db"),
            _ => format!("payment {order:08x} was sent, and {took} are waiting"),
        };
        text.clear();
        match format {
            "logfmt" => writeln!(
                text,
                "time=2026-03-{day:02}T{clock}.{millis:03}Z level={level} logger={logger} msg=\"{message}\" order={order} took={took}"
            )?,
            "syslog_3164" => writeln!(text, "Mar {day:2} {clock} web{} shop[{}]: {message}", host % 9, 1000 + took)?,
            "cri" => writeln!(text, "2026-03-{day:02}T{clock}.{millis:03}000000Z stdout F {level} {message}")?,
            _ => writeln!(
                text,
                "2026-03-{day:02} {clock},{millis:03} {level} [worker-{}] {logger} - {message}",
                host % 16
            )?,
        }
        file.write_all(&text)?;
        (written, line) = (written + text.len() as u64, line + 1);
    }
    file.flush()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::read::read_stream;

    #[test]
    fn every_line_of_the_logs_is_read_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for (format, _, _) in LOGS {
            let (read, size) = made(folder.path(), format, 1).unwrap();
            assert!((1_000_000..1_001_000).contains(&size), "{format}: {size}");
            assert!(read.schema.len() > 2, "{format}: {:?}", read.schema);
            let mut rows = 0;
            let mut take = |table: crate::table::ResultTable| {
                rows += table.rows() as u64;
                ControlFlow::Continue(())
            };
            let tally = read_stream(&read, folder.path(), &mut take, &mut |_| {}, &Cancel::new()).unwrap();
            assert_eq!((tally.quarantined, tally.joined, tally.accepted), (0, 0, rows), "{format}");
        }
        let (read, _) = made(folder.path(), "application_log", 1).unwrap();
        let (mined, _) =
            mine(&read, &MinedColumns::of(&read.schema, "message"), folder.path(), &Cancel::new()).unwrap();
        assert_eq!(mined.patterns.len(), 4, "{:?}", mined.patterns);
        let profiled = profile_source(&read, folder.path(), &Cancel::new()).unwrap();
        assert_eq!(profiled.rows, mined.rows);
        all_columns(&read, folder.path()).unwrap();
    }
}
