//! The worked example's inputs: four days of an online shop, from 2 March 2026 (UTC) on.
//!
//! A simulation that goes forward second by second and writes as it goes, so any size costs the
//! same memory (that of the sessions open at a moment). The data has a daily rhythm, sessions,
//! bots, an outage (3 March, 14:20 to 14:41), one slow feature (search in reviews), payments that
//! fail more often after version 2.8.0 of `payments` (3 March, 17:05), and dirty lines.
//! Imports only the generator's own files.

mod bots;
mod calendar;
mod events;
mod metrics;
mod page;
mod requests;
mod tables;
mod truth;
mod visitors;

use std::io::{self, Write};

use super::sheet::{GenerateReport, Sheet};

/// The files of the shop, in the order in which they are reported.
pub const FILES: [&str; 7] =
    ["access.log", "app.jsonl", "users.csv", "releases.csv", "metrics.prom", "services.json", TRUTH];

/// What was put into the data, so that findings can be judged. No input of anything.
pub const TRUTH: &str = "truth.json";

/// How the access log is written: nginx' `log_format` of the shop.
pub const LOG_FORMAT: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status \
     $body_bytes_sent \"$http_referer\" \"$http_user_agent\" $request_time $cookie_sid";

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopOptions {
    /// The same seed gives the same files.
    pub seed: u64,
    /// About how many lines `access.log` gets; the other files grow with it.
    pub rows: u64,
}

impl Default for ShopOptions {
    /// The committed sample: about 5 MB in all.
    fn default() -> Self {
        Self { seed: 1, rows: 14_000 }
    }
}

/// Writes the files. `open` gives the place for a file of [`FILES`]; two are open at a time.
/// Writing is in blocks, so it needs no buffer of its own.
///
/// # Errors
/// The first error of `open` or of a writer.
pub fn shop(
    options: &ShopOptions,
    open: &mut dyn FnMut(&str) -> io::Result<Box<dyn Write>>,
) -> io::Result<GenerateReport> {
    let &ShopOptions { seed, rows } = options;
    let mut sheet = |name: &'static str| Ok::<_, io::Error>(Sheet::new(name, open(name)?));
    let [access, app, users, releases, metrics, services, truth] = FILES;
    let count = tables::count_users(rows);

    let mut log = requests::AccessLog::new(sheet(access)?, seed);
    let mut events = events::AppLog::new(sheet(app)?, seed, rows, count);
    let mut visitors = visitors::Visitors::new(seed, rows, count);
    let mut bots = bots::Bots::new(seed, rows);
    for moment in 0..calendar::LENGTH {
        log.set_moment(moment);
        visitors.write_second(moment, &mut log, &mut events)?;
        bots.write_second(moment, &mut log)?;
        events.write_second(moment)?;
    }
    let mut files = vec![log.sheet.finish()?, events.sheet.finish()?];

    let mut small = |name, write: &dyn Fn(&mut Sheet) -> io::Result<()>| {
        let mut sheet = sheet(name)?;
        write(&mut sheet)?;
        files.push(sheet.finish()?);
        Ok::<_, io::Error>(())
    };
    small(users, &|sheet| tables::write_users(sheet, seed, count))?;
    small(releases, &tables::write_releases)?;
    small(metrics, &|sheet| metrics::write_metrics(sheet, seed, rows))?;
    small(services, &tables::write_services)?;
    small(truth, &truth::write_truth)?;
    Ok(GenerateReport { files })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::rc::Rc;

    use super::*;

    /// A file in memory that can be looked at while it is written.
    #[derive(Clone, Default)]
    pub(super) struct Memory(Rc<RefCell<Vec<u8>>>);

    impl Memory {
        pub(super) fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.borrow()).into_owned()
        }
    }

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn generate(seed: u64, rows: u64) -> (BTreeMap<String, Memory>, GenerateReport) {
        let mut files = BTreeMap::new();
        let report = shop(&ShopOptions { seed, rows }, &mut |name| {
            let memory: &mut Memory = files.entry(name.to_owned()).or_default();
            Ok(Box::new(memory.clone()))
        })
        .unwrap();
        (files, report)
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (first, report) = generate(5, 800);
        let (second, again) = generate(5, 800);
        let (other, _) = generate(6, 800);
        assert_eq!(report, again);
        for name in FILES {
            assert_eq!(*first[name].0.borrow(), *second[name].0.borrow(), "{name}");
        }
        for name in ["access.log", "app.jsonl", "users.csv", "metrics.prom"] {
            assert_ne!(*first[name].0.borrow(), *other[name].0.borrow(), "{name}");
        }
    }

    #[test]
    fn the_report_counts_what_was_written() {
        let (files, report) = generate(2, 500);
        assert_eq!(report.files.iter().map(|file| file.name).collect::<Vec<_>>(), FILES);
        for file in &report.files {
            let bytes = files[file.name].0.borrow();
            assert_eq!(file.bytes, bytes.len() as u64, "{}", file.name);
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(file.lines, lines as u64, "{}", file.name);
        }
    }

    #[test]
    fn the_access_log_has_about_the_lines_asked_for() {
        for rows in [0, 20_000, 100_000] {
            let (_, report) = generate(3, rows);
            let lines = report.files[0].lines;
            assert!(lines.abs_diff(rows) * 100 <= rows * 8, "{lines} lines instead of {rows}");
        }
    }

    #[test]
    fn incidents_and_dirt_are_in_the_data() {
        let (files, _) = generate(1, 15_000);
        let access = files["access.log"].text();
        for part in ["\" 502 ", "\" 503 ", "+0100]", "&in=reviews", "\\x16\\x03\\x01", "2001:db8:"] {
            assert!(access.contains(part), "{part}");
        }
        assert!(access.contains('\u{FFFD}'));
        assert!(access.lines().any(|line| line.is_empty()));
        let outage = access.lines().filter(|line| line.contains("\" 502 ")).count();
        assert!(outage > 50, "{outage}");
        let app = files["app.jsonl"].text();
        let lines = app.lines().filter(|line| !line.is_empty());
        let (objects, broken): (Vec<_>, Vec<_>) =
            lines.map(serde_json::from_str::<BTreeMap<String, serde_json::Value>>).partition(Result::is_ok);
        assert!(!broken.is_empty() && broken.len() * 50 < objects.len());
        let failures = app.matches("\"payment_failed\"").count();
        assert!((20..300).contains(&failures), "{failures}");
        assert!(app.contains("\"ts\":\"2026-03-03T17:05:00.000Z\",\"level\":\"error\""));
        assert!(files["metrics.prom"].text().contains(" NaN "));
    }

    #[test]
    fn the_committed_sample_is_that_of_seed_1() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../projects/shop/samples");
        let options = ShopOptions::default();
        let (files, _) = generate(options.seed, options.rows);
        for name in FILES {
            let committed = std::fs::read(folder.join(name)).unwrap();
            assert!(*files[name].0.borrow() == committed, "{name} differs from what is committed");
        }
    }
}
