//! Where the steps that load rows put them: settings that the policy is asked with. Imports nothing above `model`.

use serde::Deserialize;

use super::{FieldKind, FormField, Lowering};
use crate::diagnostic::Diagnostic;
use crate::ir::{Connection, ConnectionKind};
use crate::policy::Site;

/// What a destination says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SiteSettings {
    stack: String,
    pub residency: String,
    audience: String,
}

pub(super) const STACK: FormField = FormField::new(
    "stack",
    "Stack",
    FieldKind::Text { placeholder: "warehouse" },
    "Where the rows come to live, as policies name it.",
)
.for_policy();
pub(super) const PLACE: FormField = FormField::new(
    "residency",
    "Place",
    FieldKind::Text { placeholder: "eu" },
    "The place where the rows come to lie; data that must stay at a place goes nowhere else.",
)
.for_policy();
pub(super) const AUDIENCE: FormField = FormField::new(
    "audience",
    "Seen by",
    FieldKind::Text { placeholder: "Data, Support" },
    "The teams that see the rows, with commas between them; data that is for some teams only goes to no others.",
)
.for_policy();

impl Lowering<'_> {
    /// Where a step puts its rows. `asker`: the team that sees them whatever the settings say; empty: none.
    pub(super) fn site(&self, settings: &SiteSettings, asker: &str) -> Site {
        let names = if asker.trim().is_empty() { settings.audience.as_str() } else { asker };
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        Site {
            stack: settings.stack.trim().to_owned(),
            residency: settings.residency.trim().to_owned(),
            audience: names.map(|name| self.context.rules.team(name)).collect(),
        }
    }

    /// Where a step puts its rows that a connection leads to.
    pub(super) fn site_of_place(&self, settings: &SiteSettings, connection: &Connection) -> Site {
        let mut site = self.site(settings, "");
        if site.residency.is_empty() {
            site.residency = connection.residency.trim().to_owned();
        }
        site
    }

    /// The connection that a step loads to, of one of these kinds; what they are, and what leads there, in words. Another
    /// one, or none, is reported.
    pub(super) fn connection_of(
        &mut self,
        id: &str,
        kinds: &[ConnectionKind],
        (what, such): (&str, &str),
    ) -> Option<Connection> {
        let Some(connection) = self.context.connections.get(id).cloned() else {
            self.report_no_connection("connection", id);
            return None;
        };
        if !kinds.contains(&connection.kind) {
            let message = format!("“{}” is no {what}", connection.shown());
            self.report(
                Diagnostic::error("PW0648", message).help(format!("choose a connection to {such}")).field("connection"),
            );
            return None;
        }
        Some(Connection { extra: Default::default(), place: String::new(), ..connection })
    }
}
