//! The second worked example's inputs: a week of a shop of two teams. Sales keeps customers and orders in a warehouse, the
//! web team what visitors met on its cluster. Small tables and one log, with visits of nobody known and lines that broke
//! off. Imports only the generator's own files.

use std::io::{self, Write};

use super::random::Random;
use super::sheet::{GenerateReport, Sheet, push_number, push_padded};

/// The files of the two teams, in the order in which they are reported.
pub const TEAM_FILES: [&str; 3] = ["customers.csv", "orders.csv", "visits.jsonl"];

const PLANS: [&str; 4] = ["free", "plus", "pro", "\"pro, yearly\""];
const COUNTRIES: [&str; 6] = ["DE", "FR", "AT", "NL", "", "SE"];
const PAGES: [&str; 6] = ["/", "/search", "/product", "/basket", "/checkout", "/account"];
/// Lines of `visits.jsonl` where nothing else is said.
pub const TEAM_ROWS: u64 = 3_000;
/// Seconds of the week, from Monday, 2 March 2026 on.
const WEEK: u64 = 7 * 86_400;

/// Writes the files, the log with about `rows` lines, the tables in proportion. `open` gives the place for a file.
///
/// # Errors
/// The first error of `open` or of a writer.
pub fn teams(
    seed: u64,
    rows: u64,
    open: &mut dyn FnMut(&str) -> io::Result<Box<dyn Write>>,
) -> io::Result<GenerateReport> {
    let customers = (rows / 25).clamp(20, 1_000_000) as u32;
    let mut sheet = |name: &'static str| Ok::<_, io::Error>(Sheet::new(name, open(name)?));
    let [known, ordered, visited] = TEAM_FILES;
    let mut files = Vec::new();
    let mut made = sheet(known)?;
    write_customers(&mut made, seed, customers)?;
    files.push(made.finish()?);
    let mut made = sheet(ordered)?;
    write_orders(&mut made, seed, customers, rows / 8)?;
    files.push(made.finish()?);
    let mut made = sheet(visited)?;
    write_visits(&mut made, seed, customers, rows)?;
    files.push(made.finish()?);
    Ok(GenerateReport { files })
}

fn push_customer(text: &mut Vec<u8>, number: u32) {
    text.push(b'c');
    push_padded(text, u64::from(number), 5);
}

/// A moment of the week as RFC 3339.
fn push_moment(text: &mut Vec<u8>, second: u64) {
    text.extend_from_slice(b"2026-03-");
    push_padded(text, 2 + second / 86_400, 2);
    text.push(b'T');
    push_padded(text, second / 3600 % 24, 2);
    text.push(b':');
    push_padded(text, second / 60 % 60, 2);
    text.push(b':');
    push_padded(text, second % 60, 2);
    text.push(b'Z');
}

fn write_customers(sheet: &mut Sheet, seed: u64, customers: u32) -> io::Result<()> {
    let mut random = Random::new(seed, "customers");
    sheet.line("customer,email,plan,country")?;
    for number in 1..=customers {
        push_customer(&mut sheet.text, number);
        sheet.push(",user");
        push_number(&mut sheet.text, u64::from(number));
        sheet.push("@mail.example,");
        sheet.push(PLANS[random.skewed(PLANS.len() as u32) as usize]);
        sheet.push(",");
        sheet.push(random.pick(&COUNTRIES));
        sheet.end_line()?;
    }
    Ok(())
}

fn write_orders(sheet: &mut Sheet, seed: u64, customers: u32, orders: u64) -> io::Result<()> {
    let mut random = Random::new(seed, "orders");
    sheet.line("order,customer,ordered_at,cents")?;
    for number in 1..=orders {
        push_number(&mut sheet.text, 10_000 + number);
        sheet.push(",");
        // Some order often, some never.
        push_customer(&mut sheet.text, 1 + random.skewed(customers));
        sheet.push(",");
        push_moment(&mut sheet.text, number * WEEK / (orders + 1));
        sheet.push(",");
        push_number(&mut sheet.text, u64::from(random.between(499, 25_000)));
        sheet.end_line()?;
    }
    Ok(())
}

fn write_visits(sheet: &mut Sheet, seed: u64, customers: u32, rows: u64) -> io::Result<()> {
    let mut random = Random::new(seed, "visits");
    for number in 0..rows {
        let page = random.very_skewed(PAGES.len() as u32) as usize;
        let is_slow = random.permille(if PAGES[page] == "/checkout" { 120 } else { 25 });
        let status = if random.permille(15) { 503 } else { 200 };
        let millis = if is_slow { random.between(3_001, 20_000) } else { random.between(20, 2_900) };
        sheet.push("{\"time\":\"");
        push_moment(&mut sheet.text, number * WEEK / (rows + 1));
        if random.permille(2) {
            // A line that broke off.
            sheet.end_line()?;
            continue;
        }
        sheet.push("\",\"customer\":");
        if random.permille(200) {
            sheet.push("null");
        } else {
            sheet.push("\"");
            push_customer(&mut sheet.text, 1 + random.below(customers));
            sheet.push("\"");
        }
        sheet.push(",\"page\":\"");
        sheet.push(PAGES[page]);
        sheet.push("\",\"status\":");
        push_number(&mut sheet.text, status);
        sheet.push(",\"duration_ms\":");
        push_number(&mut sheet.text, u64::from(millis));
        sheet.push("}");
        sheet.end_line()?;
    }
    Ok(())
}
