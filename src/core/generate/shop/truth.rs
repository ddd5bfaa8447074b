//! What the simulation puts into its data: the incidents that findings should name.
//! Imports only its neighbours.

use std::io;

use super::super::sheet::Sheet;
use super::bots::CRAWLERS;
use super::calendar::{BAD_RELEASE, GOOD_RELEASE, OUTAGE, REVIEW_SEARCH, push_rfc3339};

/// The same for every seed and size.
pub(super) fn write_truth(sheet: &mut Sheet) -> io::Result<()> {
    let at = |moment| {
        let mut text = Vec::new();
        push_rfc3339(&mut text, moment, 0, false);
        String::from_utf8_lossy(&text).into_owned()
    };
    sheet.line("{")?;
    sheet.line(&format!(
        "  \"outage\": {{\"from\": \"{}\", \"to\": \"{}\", \"service\": \"web\"}},",
        at(OUTAGE.0),
        at(OUTAGE.1)
    ))?;
    sheet.line(&format!(
        "  \"slow_feature\": {{\"path\": \"/search\", \"where\": \"in=reviews\", \"service\": \"search\", \"since\": \"{}\"}},",
        at(REVIEW_SEARCH)
    ))?;
    sheet.line(&format!(
        "  \"bad_release\": {{\"service\": \"payments\", \"version\": \"2.8.0\", \"at\": \"{}\", \"mended\": \"{}\"}},",
        at(BAD_RELEASE),
        at(GOOD_RELEASE)
    ))?;
    let agents: Vec<String> = CRAWLERS.iter().map(|(agent, _)| format!("\"{agent}\"")).collect();
    sheet.line(&format!("  \"bots\": [{}]", agents.join(", ")))?;
    sheet.line("}")
}
