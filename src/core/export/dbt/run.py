#!/usr/bin/env python3
# Builds this project with dbt and brings the rows of its loads back: run.py BUNDLE WORK OUT, as run.sh calls it in the
# folder WORK. run.py --stage DIR reads the sources, for dbt alone.
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
# Modules come with Python, not from files that lie beside this one.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]

import importlib.metadata
import json
import re
import shutil
import subprocess

# How lines are copied as they are: JSON has neither of these characters.
LINES = "WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"
# The table that tells which schemas are of this project's making.
MADE = "pw_made_by_pipewright"
# What the quarantine holds.
KEPT = ("quarantine.jsonl", "rejected.jsonl")


def stop(message, help=""):
    sys.exit(f"error: {message}" + (f"\n  help: {help}" if help else ""))


def tell(text):
    """On standard error; nothing in a name steers a terminal."""
    print("".join(sign if sign.isprintable() else " " for sign in text), file=sys.stderr)


def loaded(path):
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


class DuckDb:
    def __init__(self):
        try:
            import duckdb
        except ImportError:
            stop_without("dbt-duckdb")
        self.fault = duckdb.Error
        self.connection = duckdb.connect(os.environ["DBT_DUCKDB_PATH"])

    def ask(self, sql):
        return self.connection.execute(sql).fetchall()

    def tables(self, schema):
        text = schema.replace("'", "''")
        return {name for (name,) in self.ask(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{text}'")}

    def copy_out(self, query, path):
        text = path.replace("'", "''")
        self.ask(f"COPY ({query}) TO '{text}' (FORMAT json)")

    def load(self, schema, sources):
        """dbt reads what is staged itself."""

    def close(self):
        self.connection.close()


class Postgres:
    def __init__(self):
        try:
            import psycopg2
        except ImportError:
            stop_without("dbt-postgres")
        self.fault = psycopg2.Error
        known = {"host": ("PGHOST", "localhost"), "port": ("PGPORT", "5432"), "user": ("PGUSER", "postgres")}
        known |= {"password": ("PGPASSWORD", ""), "dbname": ("PGDATABASE", "postgres")}
        places = {name: os.environ.get(variable, default) for name, (variable, default) in known.items()}
        try:
            self.connection = psycopg2.connect(**places, client_encoding="UTF8")
        except psycopg2.OperationalError as error:
            stop(f"no PostgreSQL answers: {str(error).strip()}", "say where it is by PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE")
        self.connection.autocommit = True
        ((encoding,),) = self.ask("SHOW server_encoding")
        if encoding != "UTF8":
            stop(f"this database keeps texts as {encoding}", "name one by PGDATABASE that keeps them as UTF8")
        self.ask(f"SELECT set_config('search_path', {literal(os.environ['DBT_SCHEMA'], True)}, false)")
        self.ask("SELECT set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO, YMD', false)")

    def ask(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def tables(self, schema):
        return {name for (name,) in self.ask(f"SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace({literal(schema, True)})")}

    def copy_out(self, query, path):
        with open(path, "wb") as file, self.connection.cursor() as cursor:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT {LINES}", file)

    def load(self, schema, sources):
        """The staged lines, each source a table of them."""
        for source in sources:
            table = f"{identifier(schema)}.{identifier(source['table'])}"
            self.ask(f"CREATE TABLE IF NOT EXISTS {table} (line json)")
            self.connection.autocommit = False
            self.ask(f"TRUNCATE {table}")
            with open(os.path.join(os.environ["PIPEWRIGHT_STAGED"], source["file"]), "rb") as file:
                with self.connection.cursor() as cursor:
                    cursor.copy_expert(f"COPY {table} FROM STDIN {LINES}", file)
            self.connection.commit()
            self.connection.autocommit = True

    def close(self):
        self.connection.close()


def plain(value):
    """A value that dbt renders to itself: nothing in it is Jinja."""
    if not isinstance(value, str) or not re.search(r"[{}\r\n]", value):
        return value
    shown = "".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\U{ord(c):08x}" for c in value)
    return '{{ "' + shown + '" }}'


def literal(text, is_name=False):
    return "'" + (identifier(text) if is_name else text).replace("'", "''") + "'"


def installed(package):
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def stop_without(package):
    stop(f"the Python {sys.executable} has no package {package}", f"install dbt-core and {package}, or name another Python in PYTHON")


def claim(database, schema, name):
    """Nothing of anybody else's is replaced: a schema is this project's, or there is nothing in it."""
    tables = database.tables(schema)
    if tables and MADE not in tables:
        stop(f"the schema {schema} holds what this project has not made", "name another one by DBT_SCHEMA")
    database.ask(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    mark = f"{identifier(schema)}.{MADE}"
    database.ask(f"CREATE TABLE IF NOT EXISTS {mark} (version integer)")
    # Marks of earlier versions name no project.
    database.ask(f"ALTER TABLE {mark} ADD COLUMN IF NOT EXISTS project text")
    known = [known for (known,) in database.ask(f"SELECT project FROM {mark} WHERE project IS NOT NULL")]
    if known and known != [name]:
        stop(f"the schema {schema} is that of the project {known[0]!r}", "name another one by DBT_SCHEMA, or drop that one")
    if not known:
        database.ask(f"INSERT INTO {mark} (project) VALUES ({literal(name)})")


def build(work, variables):
    """Runs `dbt build`; its talk is shown where it fails."""
    options = ["--project-dir", HERE, "--profiles-dir", HERE, "--target-path", os.path.join(work, "target")]
    options += ["--log-path", os.path.join(work, "logs"), "--no-use-colors", "--no-partial-parse", "--no-version-check"]
    command = [sys.executable, "-m", "dbt.cli.main", "--no-send-anonymous-usage-stats", "build", *options, "--vars", json.dumps(variables)]
    with open(os.path.join(work, "dbt.log"), "w+", encoding="utf-8", errors="replace") as log:
        # Settings of other projects are not for this one.
        own = {name: value for name, value in os.environ.items() if not name.startswith("DBT_") or name in ("DBT_SCHEMA", "DBT_DUCKDB_PATH")}
        code = subprocess.run(command, cwd=work, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
        log.seek(0)
        said = [re.sub(r"^\d\d:\d\d:\d\d\s+", "", line.rstrip("\n")) for line in log]
    for line in said:
        if line.startswith("Done. PASS="):
            tell(f"dbt build: {line[6:]}")
    if code != 0:
        start = next((index for index, line in enumerate(said) if re.match(r"(Failure|Runtime Error|Compilation Error|Parsing Error|Encountered an error|Database Error)", line.strip())), -40)
        for line in said[start:][:60]:
            tell(line)
        stop("dbt build failed; no result was put in place", "mend what it says, or see README.md")


def relations(work):
    nodes = loaded(os.path.join(work, "target", "manifest.json"))["nodes"].values()
    return {node["name"]: node["relation_name"] for node in nodes if node["resource_type"] == "model"}


def own_tables(work, told):
    """What a run puts into its schemas."""
    manifest = os.path.join(work, "target", "manifest.json")
    nodes = loaded(manifest)["nodes"].values() if os.path.exists(manifest) else []
    models = {node["alias"] for node in nodes if node["resource_type"] == "model"}
    return models | {source["table"] for source in told["sources"]} | {MADE}


def lines_in(path):
    with open(path, "rb") as lines:
        return sum(1 for _ in lines)


def write_report(work, out, told, checked):
    """Sources and rows that checks turn away, as the report of Pipewright's own run says it; whether more is turned away
    than may be."""
    staged = os.path.join(work, "staged.json")
    read = loaded(staged)["sources"] if os.path.exists(staged) else []
    steps, turned, most = [], {}, {}
    for source in read:
        most[source["step"]] = turned[source["step"]] = source["tally"]["quarantined"]
    for check in told["rejected"]:
        count = turned[check["model"]] = lines_in(os.path.join(work, "rows", check["file"] + ".jsonl"))
        steps.append({"step": check["step"], "title": check["title"], "op": check["op"], "quarantined": count})
        # Of the ways from a source the one that turns away the most: a line that several turn away is one line.
        way = turned.get(check["source"], 0) + sum(turned[name] for name in [check["model"], *check["before"]])
        most[check["source"]] = max(most.get(check["source"], 0), way)
        if count:
            tell(f"{check['title']}: {count:,} rows in quarantine")
    units = sum(source["tally"]["read"] for source in read)
    share = min(1.0, sum(most.values()) / max(units, 1))
    quarantined = sum(source["tally"]["quarantined"] for source in read) + sum(step["quarantined"] for step in steps)
    allowed, is_over = told["most_rejected"], share > told["most_rejected"]
    with open(os.path.join(work, "report.json"), "w", encoding="utf-8") as text:
        report = {"engine": "dbt", "started_at": checked["started_at"], "sources": read, "steps": steps, "quarantined": quarantined}
        json.dump({**report, "quarantined_share": share, "max_quarantined": allowed, "over_threshold": is_over}, text, indent=2)
        text.write("\n")
    if is_over:
        tell(
            f"warning[PW0723] {quarantined:,} units of all sources and steps in quarantine, more than the share {allowed}\n"
            "  help: see why in quarantine/rejected.jsonl"
        )
    return is_over


def note_others(work, out, told, checked):
    """Loads that may replace nothing, and what an earlier run has turned away, for those who put results in place."""
    by_step = {sink["step"]: sink["path"] for sink in checked["sinks"]}
    for load in told["loads"]:
        if not load["replaces"] and load["step"] in by_step:
            with open(os.path.join(work, "new"), "a", encoding="utf-8") as names:
                names.write(os.path.relpath(by_step[load["step"]], os.path.realpath(out)) + "\n")
    try:
        known = loaded(os.path.join(out, "quarantine", ".pipewright.json"))["files"]
    except (OSError, ValueError, LookupError, TypeError):
        known = {}
    for name in KEPT:
        if name in known:
            os.makedirs(os.path.join(work, "out", "quarantine"), exist_ok=True)
            open(os.path.join(work, "out", "quarantine", name), "ab").close()


def connected(told):
    return DuckDb() if told["adapter"] == "duckdb" else Postgres()


def bring_in(told, is_run):
    database, schema = connected(told), os.environ["DBT_SCHEMA"]
    try:
        if is_run:
            claim(database, schema, told["name"])
        if told["adapter"] == "postgres" and told["sources"]:
            claim(database, f"{schema}_sources", told["name"])
            database.load(f"{schema}_sources", told["sources"])
    except database.fault as error:
        stop(f"the database refused the sources: {str(error).strip()}", "see whether its user may create schemas")
    database.close()


def bring_out(told, work):
    database, known = connected(told), relations(work)
    for one in told["loads"] + told["rejected"]:
        before, after = one["lines"]
        try:
            database.copy_out(before + known[one["model"]] + after, os.path.join(work, "rows", one["file"] + ".jsonl"))
        except database.fault as error:
            stop(f"the rows of {one['title']!r} cannot be had: {str(error).strip()}")
    database.close()


def main(work, out):
    told, checked = loaded(os.path.join(HERE, "bundle.json")), loaded(os.path.join(work, "checked.json"))
    os.environ["DBT_SCHEMA"] = os.environ.get("DBT_SCHEMA") or told["project"]
    # Asked for by name: to load dbt takes seconds, and it runs as a program of its own.
    if not installed(f"dbt-{told['adapter']}"):
        stop_without(f"dbt-{told['adapter']}")
    bring_in(told, True)
    try:
        variables = {name: plain(value) for name, value in checked.get("parameters", {}).items()}
        build(work, {**variables, "run_started_at": checked["started_at"]})
        bring_out(told, work)
    finally:
        if os.environ.get("PIPEWRIGHT_DROP"):
            database = connected(told)
            for schema in (os.environ["DBT_SCHEMA"], os.environ["DBT_SCHEMA"] + "_sources"):
                tables = database.tables(schema)
                others = sorted(tables - own_tables(work, told))
                if MADE in tables and others:
                    tell(f"the schema {schema} stays: this run has not made {', '.join(others)}")
                elif MADE in tables:
                    database.ask(f"DROP SCHEMA {identifier(schema)} CASCADE")
            database.close()
    is_over = write_report(work, out, told, checked)
    note_others(work, out, told, checked)
    # As a run says it: done, but most of what was read is in quarantine.
    return 3 if is_over else 0


def stage(folder):
    """Reads the sources, and loads them where dbt looks for them."""
    os.makedirs(folder, exist_ok=True)
    program, plan = shutil.which(os.environ.get("PIPEWRIGHT", "pipewright")), os.path.join(HERE, "stage.json")
    if program is None:
        stop("the program pipewright is not found", "put it on the PATH, or name it in PIPEWRIGHT")
    if os.path.exists(plan):
        code = subprocess.run([program, "run", plan, "--out", folder, "--trust"], check=False).returncode
        if code not in (0, 3):
            return code
    told = loaded(os.path.join(HERE, "bundle.json"))
    os.environ["PIPEWRIGHT_STAGED"] = folder
    os.environ["DBT_SCHEMA"] = os.environ.get("DBT_SCHEMA") or told["project"]
    if told["adapter"] == "postgres":
        bring_in(told, False)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"] and len(sys.argv) == 3:
        sys.exit(stage(os.path.abspath(sys.argv[2])))
    sys.exit(main(sys.argv[2], sys.argv[3]))
