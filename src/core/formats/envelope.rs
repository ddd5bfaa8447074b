//! Envelopes: lines that carry the lines of another log. What is inside is read by the format that it has itself, as
//! if it were a file of its own; the envelope's columns stand beside. Containers' runtimes, the tools that show their
//! logs, and the logs of platforms.
//! Must not import single formats.

mod open;
mod parser;

#[cfg(test)]
mod tests;

use super::declared::with_types;
use super::door::NONE;
use super::mixed::recognise_mixed;
use super::payload::{as_option, from_option};
use super::scan::{self, score, trial};
use super::{Chunk, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample, format};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use open::{Kind, LABELS, Labels, open_all};
use parser::EnvelopeParser;

/// A format that is an envelope.
pub struct Envelope {
    kind: Kind,
    name: &'static str,
    title: &'static str,
    doc: &'static str,
    weight: u8,
    examples: &'static [&'static str],
}

/// What containers' runtimes write under Kubernetes.
pub static CRI: Envelope = Envelope {
    kind: Kind::Cri,
    name: "cri",
    title: "CRI container log",
    doc: "What containerd and CRI-O write for Kubernetes (kubernetes.io, CRI logging): time, stream, whether the line is \
          whole (F) or goes on (P), and the program's line. Pieces are joined; the line is read by the format that \
          `payload` names.",
    weight: 99,
    examples: &["2024-03-01T10:00:00.123456789Z stdout F {\"level\":\"info\",\"msg\":\"started\"}"],
};

/// What Docker writes by default.
pub static DOCKER_JSON: Envelope = Envelope {
    kind: Kind::DockerJson,
    name: "docker_json",
    title: "Docker container log",
    doc: "Docker's json-file log (docs.docker.com, JSON File logging driver): `log`, `stream` and `time` in a JSON object \
          a line. Pieces are joined; the program's line is read by the format that `payload` names.",
    weight: 99,
    examples: &[
        "{\"log\":\"level=info msg=started\\n\",\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:00.123456789Z\"}",
    ],
};

/// What `docker compose logs` shows.
pub static COMPOSE: Envelope = Envelope {
    kind: Kind::Compose,
    name: "docker_compose",
    title: "Docker Compose log",
    doc: "What `docker compose logs` and `up` show (docs.docker.com, docker compose logs): the container's name, a bar, \
          and its line, which is read by the format that `payload` names.",
    weight: 80,
    examples: &["web-1  | Listening on http://0.0.0.0:8080"],
};

/// What `kubectl logs --prefix` and stern show.
pub static KUBERNETES: Envelope = Envelope {
    kind: Kind::Kubernetes,
    name: "kubernetes_log",
    title: "Log of pods",
    doc: "What `kubectl logs --prefix` (kubernetes.io, kubectl logs) and stern (github.com/stern/stern) show: pod and \
          container, of stern the namespace too where it shows all, and the program's line, which is read by the format \
          that `payload` names; a time before it, as `--timestamps` has it, is its payload's.",
    weight: 97,
    examples: &["[pod/shop-6d5f7c9b8d-x2x4z/app] listening on :8080", "shop-6d5f7c9b8d-x2x4z app listening on :8080"],
};

/// What `kubectl logs --timestamps` and `docker logs -t` show.
pub static TIMED: Envelope = Envelope {
    kind: Kind::Timed,
    name: "timed_lines",
    title: "Lines with a time before them",
    doc: "What `kubectl logs --timestamps` (kubernetes.io), `docker logs -t` and `podman logs -t` (docs.docker.com) show: the \
          time at which the runtime took the line, with its zone, and the program's line, which is read by the format that \
          `payload` names.",
    weight: 97,
    examples: &["2024-03-01T10:00:00.123456789Z {\"level\":\"info\",\"msg\":\"started\"}"],
};

/// What Heroku's Logplex gives.
pub static HEROKU: Envelope = Envelope {
    kind: Kind::Heroku,
    name: "heroku",
    title: "Heroku log",
    doc: "What `heroku logs` shows (devcenter.heroku.com, Logging): time, source (`app`: app, heroku, an add-on), process \
          (web.1, router), and the line, which is read by the format that `payload` names.",
    weight: 98,
    examples: &[
        "2024-03-01T10:00:00.123456+00:00 heroku[router]: at=info method=GET path=\"/orders\" status=200 service=12ms",
    ],
};

/// What `fly logs` shows.
pub static FLY: Envelope = Envelope {
    kind: Kind::Fly,
    name: "fly",
    title: "Fly.io log",
    doc: "What `fly logs` shows (fly.io/docs, fly logs): time, source (`app`: app, runner, proxy), machine (`instance`), \
          region, level, and the line, which is read by the format that `payload` names.",
    weight: 98,
    examples: &["2024-03-01T10:00:00Z app[148e45d7] fra [info] listening on :8080"],
};

/// What `cf logs` shows.
pub static CLOUD_FOUNDRY: Envelope = Envelope {
    kind: Kind::CloudFoundry,
    name: "cloud_foundry",
    title: "Cloud Foundry log",
    doc: "What `cf logs` shows (docs.cloudfoundry.org, App logging): time, source (APP/PROC/WEB/0, RTR/1), OUT or ERR \
          (`stream`), and the line, which is read by the format that `payload` names.",
    weight: 98,
    examples: &["   2024-03-01T10:00:00.12+0100 [APP/PROC/WEB/0] OUT listening on :8080"],
};

/// What `aws logs tail` shows.
pub static CLOUDWATCH: Envelope = Envelope {
    kind: Kind::CloudWatch,
    name: "aws_logs_tail",
    title: "CloudWatch log, tailed",
    doc: "What `aws logs tail` shows (docs.aws.amazon.com, AWS CLI, logs tail): time, log stream, and the line, which is \
          read by the format that `payload` names.",
    weight: 98,
    examples: &["2024-03-01T10:00:00.123000+00:00 ecs/shop/7f3a17 level=info msg=started"],
};

/// How telling a time, or two names, are before text that is no log of its own.
const PLAIN: u8 = 60;

/// Whether what stands behind a time is a log of its own, and not the rest of lines that begin with a time.
fn is_log_of_its_own(found: &Recognition) -> bool {
    let is_keyed = format(&found.format.name).is_some_and(|format| format.is_keyed());
    found.score >= if is_keyed { 70 } else { 90 }
}

/// Takes what of a payload is not read.
const MESSAGE: &str = "message";

const OPTIONS: &[OptionSpec] = &[OptionSpec {
    name: "payload",
    kind: OptionKind::Text,
    default: "auto",
    doc: "The format of the lines inside: a name, or name and options as JSON; `auto`: found from the sample; `lines`: text.",
}];

impl Envelope {
    /// The payload of a sample, as a sample.
    fn inside(&self, sample: &Sample) -> Sample {
        let open = |bytes: &Vec<u8>| open_all(self.kind, &Chunk::whole(scan::text(bytes)), |_, _| {}).text.into_bytes();
        Sample { head: open(&sample.head), further: sample.further.iter().map(open).collect(), ..sample.clone() }
    }
}

/// Every envelope.
static ALL: [&Envelope; 9] =
    [&CRI, &DOCKER_JSON, &COMPOSE, &KUBERNETES, &TIMED, &HEROKU, &FLY, &CLOUD_FOUNDRY, &CLOUDWATCH];

/// The format that a payload has: the best one that can be read line by line.
fn recognise_payload(kind: Kind, inside: &Sample) -> Option<Recognition> {
    // No envelope in an envelope, which could go on without end; but behind a container's name a time may stand. No
    // table, whose header stands once.
    let is_other = |name: &str| {
        let envelope = ALL.iter().find(|envelope| envelope.name == name);
        envelope.is_some_and(|envelope| envelope.kind != Kind::Timed || !kind.is_of_names()) || name == "csv"
    };
    let formats = super::formats().iter().filter(|format| !is_other(format.name()));
    let mut found: Vec<Recognition> = formats.filter_map(|format| format.recognise(inside)).collect();
    found.sort_by_key(|recognition| std::cmp::Reverse(recognition.score));
    // Several containers write into one of these. No envelope in an envelope here, too.
    if kind.has_several()
        && scan::sample_lines(inside).all(|line| kind.open(line).is_none())
        && let Some(mixed) = recognise_mixed(inside, &found)
    {
        found.insert(0, mixed);
    }
    found.into_iter().find(|found| {
        let parser = format(&found.format.name).and_then(|format| format.prepare(&found.format, None, inside).ok());
        parser.is_some_and(|parser| parser.framing() == Framing::Cut)
    })
}

impl Format for Envelope {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }

    fn examples(&self) -> &'static [&'static str] {
        self.examples
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut fitting, mut all, mut is_told) = (0, 0, false);
        let mut names: Vec<Labels> = Vec::new();
        for line in scan::sample_lines(sample).take(1000).filter(|line| !self.kind.is_meta(line)) {
            all += 1;
            let Some(opened) = self.kind.open(line) else { continue };
            fitting += 1;
            is_told |= self.kind.is_telling(line, &opened);
            if !is_told && !names.contains(&opened.labels) {
                names.push(opened.labels);
            }
        }
        // Names that hardly come again are words of sentences.
        if !is_told && names.len() * 2 > fitting {
            return None;
        }
        let found = score(fitting, all, 1).and_then(|_| recognise_payload(self.kind, &self.inside(sample)));
        // A time before any text is not telling: most logs begin so. Nor are names that may be those of hosts.
        let may_be_other = self.kind == Kind::Timed || !is_told;
        let is_plain = may_be_other && !found.as_ref().is_some_and(is_log_of_its_own);
        let score = score(fitting, all, if is_plain { PLAIN } else { self.weight })?;
        let mut reasons = vec![format!("{fitting} of {all} lines are lines of a {}", self.title)];
        let mut spec = FormatSpec::new(self.name);
        if let Some(found) = found {
            spec = spec.with("payload", &as_option(&found.format));
            let title = format(&found.format.name).map_or("", |format| format.title());
            reasons.push(format!("inside is {title}: {}", found.reasons.join(", ")));
        }
        Some(Recognition { format: spec, score, reasons })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let inside = self.inside(sample);
        let payload = match spec.option("payload").filter(|text| !matches!(*text, "" | "auto")) {
            Some(text) => from_option(text)?,
            None => {
                recognise_payload(self.kind, &inside).map_or_else(|| FormatSpec::new("lines"), |found| found.format)
            }
        };
        let own = self.kind.columns();
        let is_own = |name: &str| own.iter().any(|(own, _)| *own == name);
        // The payload's name of a column, and that beside the envelope's: one that is called so already has one more.
        let is_like_own = |name: &str| is_own(name.trim_start_matches("payload_"));
        let outer = |name: &str| if is_like_own(name) { format!("payload_{name}") } else { name.to_owned() };
        let inner_schema = schema.map(|schema| {
            let fields = schema.fields.iter().filter(|field| !is_own(&field.name));
            let inner = |field: &Field| {
                let name = field.name.strip_prefix("payload_").filter(|name| is_like_own(name)).unwrap_or(&field.name);
                Field::new(name, field.data_type.clone())
            };
            Schema::new(fields.map(inner).collect())
        });
        let Some(inner_format) = format(&payload.name) else {
            return Err(from_option(&payload.name).err().unwrap_or_else(unknown));
        };
        let inner = inner_format.prepare(&payload, inner_schema.as_ref(), &inside)?;
        if inner.framing() != Framing::Cut {
            return Err(Diagnostic::error("PW1122", format!("{} cannot be read line by line", inner_format.title()))
                .field("payload")
                .help("choose a format of lines, such as `json_lines` or `lines`"));
        }
        let mut made = Schema::of(own.iter().map(|(name, data_type)| (*name, data_type.clone())));
        made.fields
            .extend(inner.schema().fields.iter().map(|field| Field::new(outer(&field.name), field.data_type.clone())));
        // Lines that the payload's format does not read are texts.
        let is_told = |schema: &Schema| schema.has(MESSAGE);
        let has_misfits = || trial(&*inner, &inside).0.quarantined > 0;
        if !is_told(&made) && schema.map_or_else(has_misfits, is_told) {
            made.fields.push(Field::new(MESSAGE, DataType::String));
        }
        let kind = self.kind;
        with_types(schema, &made, |schema| {
            let map = inner.schema().names().map(|name| schema.index(&outer(name)).unwrap_or(NONE)).collect();
            let place = |name: &str| schema.index(name).unwrap_or(NONE);
            let has_time = own.first().is_some_and(|(name, _)| *name == "time");
            let mut slots = (if has_time { place("time") } else { NONE }, [NONE; LABELS]);
            for (slot, (name, _)) in slots.1.iter_mut().zip(own.iter().skip(usize::from(has_time))) {
                *slot = place(name);
            }
            let is_text =
                |column: &usize| schema.fields.get(*column).is_some_and(|field| field.data_type == DataType::String);
            let message = schema.index(MESSAGE).filter(is_text).unwrap_or(NONE);
            Ok(Box::new(EnvelopeParser { kind, schema, inner, map, slots, message }))
        })
    }
}

/// Where a list of formats lacks one that it had.
fn unknown() -> Diagnostic {
    Diagnostic::error("PW1121", "the option `payload` names no format")
        .help("give the name of a format")
        .field("payload")
}
