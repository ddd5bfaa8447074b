# Runs a design on Spark: job.py WORK OUT, by spark-submit (run.sh does it). Beside it lie pipeline.sql (the views),
# sources.json (what is read) and job.json (what the views are); in the folder WORK lies checked.json, in which
# `pipewright run --dry-run` tells the files of the sources and the values of the parameters. Rows of results go to
# WORK/rows, as Parquet; Pipewright makes the design's files of them.
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))

# Modules come with Python, not from files that lie beside this one.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]

import glob
import json
import logging
import re
import shutil
import subprocess
import tempfile
import threading


def stop(message, help_line="", step=None):
    """Ends the job; whoever waits for it reads the fault in a file."""
    if place := os.environ.get("PIPEWRIGHT_FAULT"):
        fault = {"message": message, "help": help_line, **({"step": step["step"], "title": step["title"]} if step else {})}
        with open(place, "w", encoding="utf-8") as text:
            json.dump(fault, text)
    else:
        text = f"error: “{step['title']}”: {message}" if step else f"error: {message}"
        tell(text + (f"\n  help: {help_line}" if help_line else ""))
    sys.exit(1)


def tell(text):
    """To people; nothing in a name steers a terminal."""
    print("".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text), flush=True)


try:
    import pyarrow
    import pyarrow.parquet
    from pyspark import StorageLevel
    from pyspark.sql import Observation, SparkSession, functions
    from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
except ImportError as error:
    stop(f"this Python lacks a package: {error}", "install `pyspark` 4 and `pyarrow`, or name another Python in PYTHON")

# Bytes that one task reads of a file.
PART = int(os.environ.get("PIPEWRIGHT_PART_BYTES") or 128 << 20)

# What the language relies on; other settings are the user's.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
}

# What tasks say of their faults begins with this.
MARK = "[pipewright] "


class Source(DataSource):
    """Files that Pipewright reads, in parts."""

    @classmethod
    def name(cls):
        return "pipewright"

    def schema(self):
        return json.loads(self.options["source"])["ddl"]

    def reader(self, schema):
        return SourceReader(json.loads(self.options["source"]))


class SourceReader(DataSourceReader):
    def __init__(self, source):
        self.source = source

    def partitions(self):
        parts = []
        for file in self.source["files"]:
            # What is packed, or may have quotes around line ends, is read in one go.
            is_whole = file["path"].lower().endswith(PACKED) or self.source["declared"]["format"]["name"] in WHOLE
            step = max(file["bytes"], 1) if is_whole else PART
            # What its path tells, and what an earlier piece of the log holds as well.
            known = {"told": file.get("told", {}), "skipped": file.get("skipped", 0)}
            for start in range(0, max(file["bytes"], 1), step):
                end = start + step if start + step < file["bytes"] else ""
                wanted = None if is_whole else f"{start}-{end}"
                parts.append(InputPartition((len(parts), file["path"], wanted, known)))
        return parts

    def read(self, partition):
        number, path, wanted, known = partition.value
        yield from read_part(self.source, number, path, wanted, known)


# Files that are not divided: packed ones, workbooks; and those of some formats.
PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
WHOLE = ("csv", "json_document", "parquet")


def arrow_type(kind):
    import pyarrow

    if isinstance(kind, dict):
        if "list" in kind:
            return pyarrow.list_(arrow_type(kind["list"]))
        return pyarrow.struct([pyarrow.field(name, arrow_type(item)) for name, item in kind["record"]])
    known = {
        "Boolean": pyarrow.bool_(),
        "Int": pyarrow.int64(),
        "Duration": pyarrow.int64(),
        "Float": pyarrow.float64(),
        "Date": pyarrow.date32(),
        "Timestamp": pyarrow.timestamp("us", "UTC"),
    }
    return known.get(kind, pyarrow.string())


def program(source):
    """Pipewright where the task is: shipped with --files, or named there, or on the path."""
    from pyspark import SparkFiles

    try:
        shipped = SparkFiles.get("pipewright")
    except Exception:  # nothing was shipped
        shipped = ""
    for path in (shipped, os.environ.get("PIPEWRIGHT"), source["program"]):
        if path and (found := shutil.which(path)):
            return found
    return shutil.which("pipewright")


def read_part(source, number, path, wanted, known):
    """Batches of a part of a file, as Spark takes them."""
    import pyarrow

    fault = f"{MARK}{source['step']} "
    reader = program(source)
    if reader is None:
        raise RuntimeError(f"{fault}the program `pipewright` is not where the tasks run")
    if not os.path.isdir(source["kept"]):
        raise RuntimeError(f"{fault}the folder for results is not where the tasks run")
    schema = pyarrow.schema([pyarrow.field(name, arrow_type(kind)) for name, kind in source["fields"]])
    with tempfile.TemporaryDirectory() as folder:
        declared, lines, talk = (os.path.join(folder, name) for name in ("source.json", "lines.jsonl", "talk"))
        with open(declared, "w", encoding="utf-8") as text:
            json.dump(source["declared"] | known, text)
        command = [reader, "read", path, "--declared", declared, "--output", "arrow", "--summary", "json"]
        command += ["--max-quarantined", "1", "--as-task"]
        command += ["--position"] if source["position"] else []
        command += ["--range", wanted] if wanted else []
        command += ["--quarantine", lines] if source["keeps_lines"] else []
        with open(talk, "w+", encoding="utf-8", errors="replace") as talked:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=talked)
            try:
                broken = None
                try:
                    with pyarrow.ipc.open_stream(process.stdout) as stream:
                        for batch in stream:
                            table = pyarrow.Table.from_batches([batch]).select(schema.names).cast(schema)
                            yield from table.to_batches()
                except pyarrow.ArrowException as error:
                    broken = str(error)
                code = process.wait()
            finally:
                # Also where no more rows are wanted.
                process.kill()
                process.stdout.close()
                process.wait()
            talked.seek(0)
            said = [line.strip() for line in talked if line.strip()]
        if code != 0 or broken:
            raise RuntimeError(fault + (" ".join(said) or broken or f"the reader ended with {code}"))
        keep(source, number, lines, [line for line in said if line.startswith("{")][-1])


def keep(source, number, lines, tally):
    """What a part turned away, beside the results; of a part that is read twice, once."""
    kept = os.path.join(source["kept"], f"{number:06}")
    for name, content in ((f"{kept}.jsonl", lines), (f"{kept}.json", None)):
        with tempfile.NamedTemporaryFile("wb", dir=source["kept"], delete=False) as aside:
            if content is None:
                aside.write(tally.encode())
            elif os.path.exists(content):
                with open(content, "rb") as found:
                    shutil.copyfileobj(found, aside)
        os.replace(aside.name, name)


def session():
    # Faults are told by this job.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    try:
        builder = SparkSession.builder.appName(os.path.basename(HERE) or "pipewright")
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.range(1).count()
        return spark
    except Exception as error:
        master = os.environ.get("SPARK_MASTER_URL") or "local[*]"
        cause = first_line(error)
        known = ("stopped SparkContext", "Could not parse Master URL", "SparkContext was shut down", "Master URL must be set")
        if any(text in str(error) for text in known):
            stop(f"the master `{master}` does not answer", "name a master such as local[*] or spark://HOST:7077")
        stop(f"Spark does not start: {cause}", "see what Spark says of it")


def first_line(error):
    """The cause of a fault, in a line."""
    text = str(error)
    for told in (r"Caused by: [\w.$]*(?:Exception|Error): ([^\n]+)", r"^: [\w.$]+: ([^\n]+)"):
        if found := re.search(told, text, re.MULTILINE):
            return found.group(1).strip()[:500]
    return text.strip().split("\n")[0][:500]


def explain(error, steps, step):
    """Ends the job with the fault of a task or of Spark, at its step where that can be told."""
    text = str(error)
    if found := re.search(re.escape(MARK) + r"(\S+) ([^\n]+)", text):
        of = next((one for one in steps if one["step"] == found.group(1)), step)
        message = found.group(2)
        if "the program `pipewright`" in message:
            stop(message, "set PIPEWRIGHT for the workers, or ship it: run.sh OUT --files /path/of/pipewright", of)
        if "the folder for results" in message:
            stop(message, "give a folder on a disk that the driver and all workers share, under one path", of)
        stop(message, "", of)
    if "OutOfMemoryError" in text or "exit code: 137" in text or "exit status 137" in text:
        stop("Spark ran out of memory", "give it more: --conf spark.driver.memory=4g (local), --conf spark.executor.memory=4g", step)
    if "[USER_RAISED_EXCEPTION]" in text:
        of = next((one for one in steps if one["stops"] and one["stops"] in text), None)
        if of:
            stop(f"a check that stops the run failed: {of['stops']}", "mend the data, or let the check reject or flag rows", of)
    stop(first_line(error), "see what Spark says of it", step)


def parquet_frame(spark, source):
    """Parquet as Spark reads it itself, where its columns are just those that are declared; else None."""
    wanted = {"Boolean": ["boolean"], "Int": ["bigint", "int", "smallint", "tinyint"], "Float": ["double", "float"],
              "String": ["string"], "Date": ["date"], "Timestamp": ["timestamp"]}  # fmt: skip
    paths = [file["path"] for file in source["files"]]
    if source["position"] or any(re.search(r"[*?{}\[\]]", path) for path in paths):
        return None
    try:
        frame = spark.read.parquet(*[f"file://{path}" for path in paths])
    except Exception:  # types that Spark does not know
        return None
    columns = []
    for name, kind in source["fields"]:
        found = dict(frame.dtypes).get(name)
        if not isinstance(kind, str) or found not in wanted.get(kind, []):
            return None
        sql = "`" + name.replace("`", "``") + "`"
        if kind == "Int":
            sql = f"CAST({sql} AS BIGINT)"
        elif kind == "Float":
            sql = f"CASE WHEN abs({sql}) <= 1.7976931348623157E308D THEN CAST({sql} AS DOUBLE) + 0 END"
        elif kind == "Timestamp":
            first, last = -62135596800000000, 253402300799999999
            sql = f"CASE WHEN {sql} BETWEEN timestamp_micros({first}) AND timestamp_micros({last}) THEN {sql} END"
        columns.append(functions.expr(sql).alias(name))
    tally = {"read": sum(pyarrow.parquet.read_metadata(path).num_rows for path in paths), "quarantined": 0}
    tally["accepted"] = tally["rows"] = tally["read"]
    with open(os.path.join(source["kept"], "000000.json"), "w", encoding="utf-8") as text:
        json.dump(tally, text)
    return frame.select(columns)


def rows_in(folder):
    """Of Parquet that Spark has written."""
    return sum(pyarrow.parquet.read_metadata(path).num_rows for path in glob.glob(os.path.join(glob.escape(folder), "*.parquet")))


class Job:
    def __init__(self, work, out):
        self.work, self.out = work, out
        self.sources, self.design = loaded(os.path.join(HERE, "sources.json")), loaded(os.path.join(HERE, "job.json"))
        self.checked = loaded(os.path.join(work, "checked.json"))
        self.steps = self.design["steps"]
        self.step_of = {step["view"]: step for step in self.steps}
        self.step_of.update((check["view"], check) for check in self.design["rejected"])
        with open(os.path.join(HERE, "pipeline.sql"), encoding="utf-8", newline="") as text:
            self.statements = divided(text.read())
        self.spark, self.observed = None, {}

    def run(self):
        self.spark = session()
        self.spark.dataSource.register(Source)
        for source, found in zip(self.sources, self.checked["sources"], strict=True):
            self.read(source, found)
        values = {**self.checked.get("parameters", {}), "run.started_at": self.checked["started_at"]}
        markers = {self.design["markers"][name]: value for name, value in values.items()}
        for sql in filter(None, self.statements):
            self.state(sql, markers)
        for one in self.design["loads"] + self.design["rejected"]:
            self.write(one)
        return self.report()

    def read(self, source, found):
        kept = os.path.join(self.work, "kept", source["view"])
        os.makedirs(kept)
        files = [{name: file[name] for name in ("path", "bytes", "told", "skipped") if name in file} for file in found["files"]]
        if any(not os.path.isabs(file["path"]) for file in files):
            stop("standard input is no source of a job on Spark", "give it a file", source)
        source.update(files=files, kept=kept, program=os.environ.get("PIPEWRIGHT", ""), keeps_lines=self.design["keeps_lines"])
        frame = parquet_frame(self.spark, source) if source["declared"]["format"]["name"] == "parquet" else None
        if frame is None:
            frame = self.spark.read.format("pipewright").option("source", json.dumps(source)).load()
        frame.createOrReplaceTempView(source["view"])

    def state(self, sql, markers):
        """Runs a statement of the script; views are those of this session."""
        made = re.match(r"CREATE OR REPLACE TEMPORARY VIEW (\w+) AS\n", sql)
        if not made:
            self.spark.sql(sql)
            return
        view = made.group(1)
        try:
            used = {name: value for name, value in markers.items() if re.search(rf":{name}\b", sql)}
            frame = self.spark.sql(sql[made.end() :], args=used)
        except Exception as error:
            explain(error, self.steps, self.step_of.get(view))
        if os.environ.get("PIPEWRIGHT_REPORT"):
            self.observed[view] = Observation(view)
            frame = frame.observe(self.observed[view], functions.count(functions.lit(1)).alias("rows"))
        if self.step_of.get(view, {}).get("is_shared"):
            # What several steps take is computed once.
            frame = frame.persist(StorageLevel.MEMORY_AND_DISK)
        frame.createOrReplaceTempView(view)

    def write(self, one):
        tell(f"computing {one['title']}")
        try:
            self.spark.table(one["view"]).write.parquet(f"file://{self.work}/rows/{one['view']}")
        except Exception as error:
            explain(error, self.steps, one)

    def count(self, view):
        """Rows that have left a view; None where Spark has counted none."""
        found = []

        def get():
            found.append(self.observed[view].get.get("rows"))

        # It waits for a count, also where a step was left out.
        waiting = threading.Thread(target=get, daemon=True)
        waiting.start()
        waiting.join(2.0)
        return found[0] if found else None

    def report(self):
        """Sources, rows of steps, and what was turned away, as the report of Pipewright's own run says it."""
        read, most, turned, steps = [], {}, {}, []
        for source, found in zip(self.sources, self.checked["sources"]):
            tally = {}
            for path in sorted(glob.glob(os.path.join(glob.escape(source["kept"]), "*.json"))):
                for name, count in loaded(path).items():
                    if isinstance(count, int):
                        tally[name] = tally.get(name, 0) + count
            read.append({**found, "tally": {"read": 0, "quarantined": 0, **tally}})
            most[source["step"]] = turned[source["step"]] = tally.get("quarantined", 0)
            if turned[source["step"]]:
                tell(f"{source['title']}: {turned[source['step']]:,} of {tally['read']:,} units in quarantine")
        counts = {view: self.count(view) for view in self.observed}
        for step in self.steps:
            if step["view"] in counts and step["op"] != "read":
                told = {"rows_in": [counts.get(view) for view in step["inputs"]], "rows_out": counts[step["view"]]}
                steps.append({"step": step["step"], "title": step["title"], "op": step["op"], **told})
        for check in self.design["rejected"]:
            count = turned[check["view"]] = rows_in(os.path.join(self.work, "rows", check["view"]))
            way = turned.get(check["source"], 0) + sum(turned[view] for view in [check["view"], *check["before"]])
            most[check["source"]] = max(most.get(check["source"], 0), way)
            names = {name: check[name] for name in ("step", "title", "op")}
            known = next((step for step in steps if step["step"] == check["step"] and step["op"] == check["op"]), None)
            if known is None:
                steps.append(known := names)
            known["quarantined"] = count
            if count:
                tell(f"{check['title']}: {count:,} rows in quarantine")
        units = sum(source["tally"]["read"] for source in read)
        quarantined = sum(source["tally"]["quarantined"] for source in read) + sum(step.get("quarantined", 0) for step in steps)
        allowed = float(os.environ.get("PIPEWRIGHT_MAX_QUARANTINED") or self.design["most_rejected"])
        share = min(1.0, sum(most.values()) / max(units, 1))
        shares = [source["tally"]["quarantined"] / max(source["tally"]["read"], 1) for source in read]
        is_over = share > allowed or any(share > allowed for share in shares)
        sinks = [{**one, "rows": rows_in(os.path.join(self.work, "rows", one["view"]))} for one in self.design["loads"]]
        report = {"engine": "spark", "started_at": self.checked["started_at"], "sources": read, "steps": steps, "sinks": sinks}
        report |= {"quarantined": quarantined, "quarantined_share": share, "max_quarantined": allowed, "over_threshold": is_over}
        with open(os.path.join(self.work, "report.json"), "w", encoding="utf-8") as text:
            json.dump(report, text, indent=2, ensure_ascii=False)
            text.write("\n")
        self.keep_lines()
        self.note_new()
        if is_over:
            tell(
                f"warning[PW0723] {quarantined:,} units of all sources and steps in quarantine, more than the share "
                f"{allowed}\n  help: see why in the folder quarantine"
            )
        return 3 if is_over else 0

    def keep_lines(self):
        """Lines of all parts in one file; those of an earlier run go."""
        kept = os.path.join(self.work, "out", "quarantine")
        os.makedirs(kept, exist_ok=True)
        target = os.path.join(kept, "quarantine.jsonl")
        for source in self.sources:
            for path in sorted(glob.glob(os.path.join(glob.escape(source["kept"]), "*.jsonl"))):
                if os.path.getsize(path):
                    with open(path, encoding="utf-8") as found, open(target, "a", encoding="utf-8") as lines:
                        for line in map(json.loads, found):
                            # In the middle of a file lines have no numbers.
                            line["line"] = line["line"] or None
                            lines.write(json.dumps({"step": source["title"], **line}, ensure_ascii=False) + "\n")
        try:
            known = loaded(os.path.join(self.out, "quarantine", ".pipewright.json"))["files"]
        except (OSError, ValueError, LookupError, TypeError):
            known = {}
        for name in ("quarantine.jsonl", "rejected.jsonl"):
            if name in known:
                open(os.path.join(kept, name), "a").close()

    def note_new(self):
        """Loads that may replace nothing, for those who put them in place."""
        by_step = {sink["step"]: sink["path"] for sink in self.checked["sinks"]}
        for one in self.design["loads"]:
            if not one["replaces"] and one["step"] in by_step:
                with open(os.path.join(self.work, "new"), "a", encoding="utf-8") as names:
                    names.write(os.path.relpath(by_step[one["step"]], os.path.realpath(self.out)) + "\n")


def divided(script):
    """Statements, without the comments above them; a name or a text may hold anything."""
    parts = re.findall(r"(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:``|[^`])*`|--[^\n]*|[^;])+", script, re.DOTALL)
    return [re.sub(r"\A(?:\s|--[^\n]*(?:\n|\Z))+", "", part) for part in parts]


def loaded(path):
    with open(path, encoding="utf-8") as text:
        return json.load(text)


if __name__ == "__main__":
    sys.exit(Job(sys.argv[1], sys.argv[2]).run())
