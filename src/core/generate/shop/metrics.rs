//! `metrics.prom`: what a monitoring server scraped once a minute, in Prometheus' text format with
//! timestamps. Imports only its neighbours.

use std::io;

use super::super::random::Random;
use super::super::sheet::{Sheet, push_number, push_padded};
use super::calendar::{BAD_RELEASE, GOOD_RELEASE, LENGTH, METRICS_START, is_outage, push_unix_millis, weight};

/// A running instance: its labels (escaped as they are written), and its CPU share in quiet and,
/// added to it, at the busiest time, in thousandths.
struct Instance {
    labels: &'static str,
    service: &'static str,
    quiet: u32,
    load: u32,
}

const fn instance(labels: &'static str, service: &'static str, quiet: u32, load: u32) -> Instance {
    Instance { labels, service, quiet, load }
}

const INSTANCES: [Instance; 13] = [
    instance("service=\"web\",instance=\"web-1\"", "web", 120, 560),
    instance("service=\"web\",instance=\"web-2\"", "web", 110, 580),
    instance("service=\"web\",instance=\"web-3\"", "web", 130, 570),
    instance("service=\"search\",instance=\"search-1\"", "search", 300, 530),
    instance("service=\"search\",instance=\"search-2\"", "search", 280, 500),
    instance("service=\"payments\",instance=\"payments-1\"", "payments", 90, 380),
    instance("service=\"payments\",instance=\"payments-2\"", "payments", 95, 370),
    instance("service=\"orders\",instance=\"orders-\\\"blue\\\"\"", "orders", 150, 300),
    instance("service=\"images\",instance=\"images-1\"", "images", 250, 420),
    instance("service=\"images\",instance=\"images-2\"", "images", 240, 410),
    instance("service=\"auth\",instance=\"auth-1\"", "auth", 60, 180),
    instance("service=\"recommendations\",instance=\"recs-1\"", "recommendations", 760, 120),
    instance("service=\"legacy-batch\",instance=\"C:\\\\batch\\\\nightly\"", "legacy-batch", 40, 10),
];
/// The busiest weight that the daily rhythm reaches.
const BUSIEST: u32 = 14_300;

/// What is known of an instance from scrape to scrape.
struct Counters {
    requests: u64,
    memory: u64,
}

/// Writes the scrapes: eight hours around the outage at least, all four days at most.
pub(super) fn write_metrics(sheet: &mut Sheet, seed: u64, rows: u64) -> io::Result<()> {
    let mut random = Random::new(seed, "metrics.prom");
    let minutes = (rows / 32).clamp(480, u64::from(LENGTH / 60)) as u32;
    let start = METRICS_START.min(LENGTH - minutes * 60);
    let mut counters: Vec<Counters> = INSTANCES
        .iter()
        .map(|_| Counters {
            requests: u64::from(random.below(5_000_000)),
            memory: u64::from(random.between(150, 900)) << 20,
        })
        .collect();
    for minute in 0..minutes {
        let moment = start + minute * 60;
        write_scrape(sheet, &mut random, moment, minute % 60 == 0, &mut counters)?;
    }
    Ok(())
}

fn write_scrape(
    sheet: &mut Sheet,
    random: &mut Random,
    moment: u32,
    has_help: bool,
    counters: &mut [Counters],
) -> io::Result<()> {
    // Instances that did not answer this time, as bits.
    let mut missing = 0_u32;
    for (place, instance) in INSTANCES.iter().enumerate() {
        let share = if is_outage(moment) && instance.service == "web" { 600 } else { 3 };
        missing |= u32::from(random.permille(share)) << place;
    }
    let is_present = |place: usize| missing >> place & 1 == 0;
    if has_help {
        sheet.line("# HELP service_cpu_share Share of its CPU limit that an instance used.")?;
        sheet.line("# TYPE service_cpu_share gauge")?;
    }
    for (place, instance) in INSTANCES.iter().enumerate().filter(|(place, _)| is_present(*place)) {
        push_labels(sheet, "service_cpu_share", instance);
        push_share(sheet, random, cpu_share, instance, moment);
        end_sample(sheet, random, moment, place)?;
    }
    if has_help {
        sheet.line("# HELP service_requests_total Requests answered since the start.")?;
        sheet.line("# TYPE service_requests_total counter")?;
    }
    for (place, instance) in INSTANCES.iter().enumerate().filter(|(place, _)| is_present(*place)) {
        let counter = &mut counters[place];
        if instance.service == "payments" && (moment == BAD_RELEASE || moment == GOOD_RELEASE) {
            counter.requests = 0;
        }
        counter.requests += u64::from(weight(moment) / 100 + random.below(40));
        push_labels(sheet, "service_requests_total", instance);
        push_number(&mut sheet.text, counter.requests);
        end_sample(sheet, random, moment, place)?;
    }
    if has_help {
        sheet.line("# HELP service_memory_bytes Resident memory, \\\\proc and caches included.")?;
        sheet.line("# TYPE service_memory_bytes gauge")?;
    }
    for (place, instance) in INSTANCES.iter().enumerate().filter(|(place, _)| is_present(*place)) {
        let counter = &mut counters[place];
        let change = u64::from(random.below(1 << 20));
        counter.memory = (counter.memory + change - (1 << 19)).max(64 << 20);
        push_labels(sheet, "service_memory_bytes", instance);
        push_memory(sheet, counter.memory);
        end_sample(sheet, random, moment, place)?;
    }
    if random.permille(12) {
        // The connection broke in the middle of a sample.
        sheet.line("service_cpu_share{service=\"web\",inst")?;
    }
    Ok(())
}

fn push_labels(sheet: &mut Sheet, name: &str, instance: &Instance) {
    sheet.push(name);
    sheet.push("{");
    sheet.push(instance.labels);
    sheet.push("} ");
}

/// A CPU share in ten-thousandths.
fn cpu_share(random: &mut Random, instance: &Instance, moment: u32) -> u32 {
    let mut share = 10 * instance.quiet + 10 * instance.load * weight(moment) / BUSIEST;
    match instance.service {
        "payments" if (BAD_RELEASE..GOOD_RELEASE).contains(&moment) => share += 2_300,
        "web" if is_outage(moment) => share = 9_700,
        "images" if moment % 3_600 < 240 => share += 3_000,
        "legacy-batch" if moment % 7_200 < 900 => share = 9_200,
        _ => {}
    }
    let noise = random.below(700) + random.below(700);
    let share = (share + noise).saturating_sub(700);
    // Instruments round: now and then it is exactly a tenth.
    let share = if random.permille(20) { (share + 500) / 1_000 * 1_000 } else { share };
    share.min(10_000)
}

fn push_share(
    sheet: &mut Sheet,
    random: &mut Random,
    share: fn(&mut Random, &Instance, u32) -> u32,
    instance: &Instance,
    moment: u32,
) {
    let share = share(random, instance, moment);
    if random.permille(2) {
        return sheet.push("NaN");
    }
    push_number(&mut sheet.text, u64::from(share / 10_000));
    let mut rest = share % 10_000;
    let mut width = 4;
    while rest > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        width -= 1;
    }
    if rest > 0 {
        sheet.push(".");
        push_padded(&mut sheet.text, u64::from(rest), width);
    }
}

/// Bytes as the exporter writes large numbers: `5.36870912e+08`.
fn push_memory(sheet: &mut Sheet, bytes: u64) {
    let exponent = bytes.max(1).ilog10();
    let scale = 10_u64.pow(exponent);
    push_number(&mut sheet.text, bytes / scale);
    sheet.push(".");
    push_padded(&mut sheet.text, bytes % scale, exponent as usize);
    sheet.push("e+");
    push_padded(&mut sheet.text, u64::from(exponent), 2);
}

/// Appends the time of a sample, some milliseconds into the minute, and ends its line.
fn end_sample(sheet: &mut Sheet, random: &mut Random, moment: u32, place: usize) -> io::Result<()> {
    sheet.push(" ");
    push_unix_millis(&mut sheet.text, moment, 40 * place as u32 + random.below(30));
    sheet.end_line()
}
