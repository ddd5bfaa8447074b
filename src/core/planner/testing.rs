//! The worked example's sources with hand-made evidence, and small tables, for the tests of this room.

use super::catalogue::Catalogue;
use super::evidence::{ColumnEvidence, SourceEvidence, columns_of};
use super::vocabulary::Vocabulary;
use crate::data::{Schema, TableRows, Value};
use crate::project::{Project, load};

/// The worked example as a team has it.
pub fn shop_project() -> Project {
    load(include_str!("../../../projects/shop/shop.pipewright.json")).unwrap().0
}

/// The worked example's sources alone.
pub fn shop_sources() -> Project {
    let mut project = shop_project();
    (project.steps, project.wires, project.tests) = Default::default();
    project.questions.clear();
    project
}

/// What a sample of the shop's files shows: (source, rows, [(column, nulls, distinct, values)]).
type Shown = (&'static str, u64, &'static [(&'static str, u64, u64, &'static [&'static str])]);

const SHOWN: [Shown; 6] = [
    (
        "src-access",
        13822,
        &[
            ("client", 0, 900, &["198.18.3.3", "2001:db8:5061:7f::3189:6f17"]),
            ("user", 13822, 0, &[]),
            ("path", 0, 2000, &["/", "/product/7", "/cart?id=7", "/static/js/a.js", "/checkout"]),
            ("method", 0, 3, &["GET", "POST", "HEAD"]),
            ("referrer", 4000, 500, &["https://shop.example/"]),
            ("user_agent", 20, 60, &["Mozilla/5.0 (Windows NT 10.0)", "python-requests/2.32.3"]),
            ("cookie_sid", 2400, 1300, &["88e4303e2219fdbe", "635c4378d97988cf"]),
            ("request", 13800, 4, &["\\x16\\x03"]),
        ],
    ),
    (
        "src-app",
        2888,
        &[
            ("level", 0, 4, &["info", "debug", "error", "warn"]),
            ("service", 0, 10, &["fulfilment", "cart", "payments", "orders", "search"]),
            ("event", 0, 13, &["order_placed", "payment_ok", "payment_failed", "login_ok", "search_slow"]),
            ("trace_id", 300, 1700, &["5579d51b0a70fb6c56aab00810a3e09f"]),
            ("sid", 1200, 700, &["88e4303e2219fdbe", "635c4378d97988cf"]),
            ("order_id", 1200, 803, &["o-10000028", "o-10000029"]),
            ("user_id", 1500, 300, &["u0000058", "u0000099"]),
            ("reason", 2800, 4, &["card_declined", "gateway_timeout"]),
        ],
    ),
    (
        "src-metrics",
        18562,
        &[
            ("name", 0, 3, &["service_cpu_share", "service_memory_bytes", "service_requests_total"]),
            ("type", 0, 2, &["gauge", "counter"]),
            ("instance", 0, 17, &["web-1", "web-2", "search-1"]),
            ("service", 0, 10, &["web", "search", "payments", "orders", "auth"]),
        ],
    ),
    (
        "src-releases",
        17,
        &[
            ("service", 0, 8, &["web", "search", "payments", "orders", "wallet"]),
            ("version", 0, 17, &["5.1.0", "5.2.0", "5.2.1, hotfix"]),
        ],
    ),
    (
        "src-services",
        10,
        &[
            ("name", 0, 10, &["auth", "web", "search", "payments", "orders"]),
            ("owner.team", 2, 5, &["Identity", "Logistics", "Checkout"]),
        ],
    ),
    (
        "src-users",
        700,
        &[
            ("user_id", 0, 700, &["u0000001", "u0000058", "u0000099"]),
            ("plan", 0, 3, &["free", "plus", "pro"]),
            ("country", 0, 8, &["FR", "DE", "ES"]),
        ],
    ),
];

/// Evidence of the shop's sources.
pub fn shop_evidence(project: &Project) -> Vec<SourceEvidence> {
    let sources = SHOWN.iter().map(|(id, rows, columns)| {
        let mut evidence = SourceEvidence { rows: *rows, ..SourceEvidence::declared(&project.sources[*id]) };
        for (name, nulls, distinct, values) in *columns {
            let column = evidence.columns.iter_mut().find(|column| column.name == *name).unwrap();
            (column.nulls, column.distinct) = (*nulls, *distinct);
            column.samples = values.iter().map(|value| Value::text(*value)).collect();
        }
        for (name, values) in [
            ("status", &[200, 404, 502][..]),
            ("bytes", &[1204, 31630]),
            ("duration_ms", &[5, 1555]),
            ("replicas", &[1, 3]),
        ] {
            if let Some(column) = evidence.columns.iter_mut().find(|column| column.name == name) {
                column.samples = values.iter().map(|value| Value::Int(*value)).collect();
                (column.min, column.max) = (column.samples[0].clone(), column.samples[1].clone());
            }
        }
        evidence
    });
    sources.collect()
}

/// The shop without some columns, and its catalogue.
pub fn shop_without(columns: &[(&str, &str)]) -> (Project, Catalogue) {
    let mut project = shop_sources();
    let mut evidence = shop_evidence(&project);
    for (source, column) in columns {
        let one = evidence.iter_mut().find(|one| one.source == *source).unwrap();
        one.columns.retain(|known| known.name != *column);
        project.sources.get_mut(*source).unwrap().schema.as_mut().unwrap().fields.retain(|f| f.name != *column);
    }
    (project, Catalogue::new(Vocabulary::shipped(), evidence))
}

/// A source with text columns, each with values.
pub fn source(id: &str, rows: u64, schema: Schema, values: &[(&str, u64, &[&str])]) -> SourceEvidence {
    let mut columns = columns_of(&schema);
    for (name, distinct, texts) in values {
        let column: &mut ColumnEvidence = columns.iter_mut().find(|column| column.name == *name).unwrap();
        column.distinct = *distinct;
        column.samples = texts.iter().map(|text| Value::text(*text)).collect();
    }
    SourceEvidence { source: id.into(), title: id.into(), rows, columns, ..SourceEvidence::default() }
}

/// Rows of values below a schema.
pub struct Table(pub Schema, pub Vec<Vec<Value>>);

impl TableRows for Table {
    fn schema(&self) -> &Schema {
        &self.0
    }

    fn rows(&self) -> usize {
        self.1.len()
    }

    fn value(&self, row: usize, column: usize) -> Value {
        self.1[row][column].clone()
    }
}
