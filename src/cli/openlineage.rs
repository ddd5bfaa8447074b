//! Events of runs as OpenLineage has them: when one begins, ends well, or fails; with what it read and wrote. As lines of a
//! file, or posted to a connection.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use pipewright_core::data::{Schema, format_timestamp};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_engine::RunReport;
use serde_json::{Value as Json, json};

const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const OF_SCHEMA: &str = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const OF_OUTPUT: &str = "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet";
const OF_ERROR: &str = "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet";
const PRODUCER: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/", env!("CARGO_PKG_VERSION"));

/// A run that is told of.
pub struct Told {
    /// Its id: a UUID by chance.
    run: String,
    job: String,
}

/// How a run ended.
pub enum Ended<'a> {
    Well(&'a RunReport),
    Failed(&'a [Diagnostic]),
}

impl Told {
    pub fn new(job: &str) -> Told {
        let chance = fastrand::u128(..);
        // Version 4, as RFC 9562 has it.
        let bits = chance & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
        let digits = format!("{bits:032x}");
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        Told { run: parts.join("-"), job: job.to_owned() }
    }

    pub fn begun(&self) -> Json {
        self.event("START", Json::Object(Default::default()), Vec::new(), Vec::new())
    }

    pub fn ended(&self, ended: &Ended) -> Json {
        match ended {
            Ended::Well(report) => {
                self.event("COMPLETE", Json::Object(Default::default()), inputs(report), outputs(report))
            }
            Ended::Failed(faults) => {
                let message = faults.first().map_or_else(|| "the run failed".to_owned(), |fault| fault.message.clone());
                let facet = json!({"_producer": PRODUCER, "_schemaURL": OF_ERROR, "message": message,
                    "programmingLanguage": "Pipewright"});
                self.event("FAIL", json!({"errorMessage": facet}), Vec::new(), Vec::new())
            }
        }
    }

    fn event(&self, kind: &str, facets: Json, inputs: Vec<Json>, outputs: Vec<Json>) -> Json {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        json!({
            "eventType": kind,
            "eventTime": format_timestamp(now.as_micros() as i64),
            "run": {"runId": self.run, "facets": facets},
            "job": {"namespace": "pipewright", "name": self.job},
            "inputs": inputs,
            "outputs": outputs,
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
        })
    }
}

fn inputs(report: &RunReport) -> Vec<Json> {
    let files = report.sources.iter().flat_map(|source| &source.files);
    files.map(|file| dataset(&file.path)).collect()
}

fn outputs(report: &RunReport) -> Vec<Json> {
    let outputs = report.sinks.iter().map(|sink| {
        let mut output = dataset(&sink.path);
        output["facets"] = json!({"schema": facet_of(&sink.schema)});
        output["outputFacets"] = json!({"outputStatistics":
            {"_producer": PRODUCER, "_schemaURL": OF_OUTPUT, "rowCount": sink.rows, "size": sink.bytes}});
        output
    });
    outputs.collect()
}

/// A file by its whole path; what is no file by the name that people know.
fn dataset(shown: &str) -> Json {
    match Path::new(shown).canonicalize() {
        Ok(path) => json!({"namespace": "file", "name": path.display().to_string()}),
        Err(_) => json!({"namespace": "pipewright", "name": shown}),
    }
}

fn facet_of(schema: &Schema) -> Json {
    let fields: Vec<Json> =
        schema.fields.iter().map(|field| json!({"name": field.name, "type": field.data_type.to_string()})).collect();
    json!({"_producer": PRODUCER, "_schemaURL": OF_SCHEMA, "fields": fields})
}

/// Whether a file's first line is an event of a run.
pub fn is_event(text: &[u8]) -> bool {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let event: Json = serde_json::from_slice(first).unwrap_or_default();
    event["eventType"].is_string() && event["run"]["runId"].is_string()
}

/// Adds an event to a file.
pub fn append(path: &Path, event: &Json) -> Result<(), Diagnostic> {
    append_line(path, &event.to_string()).map_err(|error| {
        Diagnostic::error("PW0993", format!("the event of the run cannot be written: {}", io_cause(&error)))
            .help("see whether the folder of --openlineage exists and may be written to")
            .file(path.display().to_string())
    })
}

/// A line comes whole or not at all, and on a line of its own: what a full disk cuts off is taken back.
fn append_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let mut last = [b'\n'];
    if file.metadata()?.is_file() && file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    let begin = if last == *b"\n" { "" } else { "\n" };
    write_or_take_back(&mut file, format!("{begin}{line}\n").as_bytes())
}

fn write_or_take_back(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(count) if count > 0 => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            ended => {
                // Another run may have added its own meanwhile.
                let end = file.stream_position()?;
                if end == file.metadata()?.len() {
                    file.set_len(end.saturating_sub(written as u64))?;
                }
                return Err(ended.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        append_line(&path, "{\"a\":1}").unwrap();
        append_line(&path, "{\"a\":2}").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"a\":2}\n");
        // A disk that was full, or an editor, has left no line end.
        std::fs::write(&path, "{\"a\":1}\n{\"a\"").unwrap();
        append_line(&path, "{\"a\":3}").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"a\"\n{\"a\":3}\n");
    }

    #[test]
    fn events_of_a_run_share_its_id() {
        let told = Told::new("shop");
        let (begun, ended) = (told.begun(), told.ended(&Ended::Failed(&[Diagnostic::error("PW0001", "no")])));
        assert!(is_event(format!("{begun}\n").as_bytes()) && !is_event(b"{\"pipewright\":1}") && !is_event(b"{"));
        assert_eq!((&begun["run"]["runId"], &begun["eventType"]), (&ended["run"]["runId"], &json!("START")));
        assert_eq!(ended["run"]["facets"]["errorMessage"]["message"], "no");
        let id = begun["run"]["runId"].as_str().unwrap();
        assert!(id.len() == 36 && &id[14..15] == "4" && "89ab".contains(&id[19..20]), "{id}");
        assert_ne!(Told::new("shop").run, told.run);
    }
}
