"""The peers of `pipewright bench`: the same tasks, written by hand in Polars and DuckDB.

Usage: peers.py parse|run FOLDER. Prints one JSON object: seconds by task (the best of three).
What is not installed is left out.
"""
import json
import sys
import time

GROUP, FOLDER = sys.argv[1], sys.argv[2]
LOG = f"{FOLDER}/access.log"
PATTERN = (
    r'^(?P<client>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) HTTP/(?P<http_version>[^"]+)" '
    r'(?P<status>\d+) (?P<bytes>\d+) "(?P<referrer>[^"]*)" "(?P<user_agent>[^"]*)" (?P<duration>[\d.]+) (?P<sid>\S+)$'
)
FIELDS = ["client", "user", "time", "method", "path", "http_version", "status", "bytes", "referrer", "user_agent", "duration", "sid"]


def best(task):
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def polars_tasks():
    import polars as pl

    def lines():
        return pl.scan_csv(
            LOG, has_header=False, separator="\x01", quote_char=None, new_columns=["line"], encoding="utf8-lossy",
            schema={"line": pl.String}, truncate_ragged_lines=True, ignore_errors=True,
        )

    def columns():
        return lines().select(pl.col("line").str.extract_groups(PATTERN).alias("f")).unnest("f").with_columns(
            pl.col("time").str.to_datetime("%d/%b/%Y:%H:%M:%S %z", strict=False),
            pl.col("status").cast(pl.Int64, strict=False),
            pl.col("bytes").cast(pl.Int64, strict=False),
            pl.col("duration").cast(pl.Float64, strict=False),
        )

    def access():
        # Every column is computed; only their folds leave the engine.
        columns().select(pl.all().count()).collect(engine="streaming")

    def answer():
        columns().filter((pl.col("status") >= 500) | (pl.col("duration") > 3)).group_by(
            pl.col("time").dt.truncate("1h").alias("hour")
        ).agg(pl.len().alias("requests"), pl.col("client").n_unique().alias("clients")).sort("hour").collect(
            engine="streaming"
        ).write_parquet(f"{FOLDER}/polars_answer.parquet")

    def clean():
        # Its reader stops at a broken line, so it gets the whole ones alone.
        def is_object(line):
            try:
                return isinstance(json.loads(line), dict)
            except ValueError:
                return False

        with open(f"{FOLDER}/app.jsonl", "rb") as file, open(f"{FOLDER}/clean.jsonl", "wb") as out:
            out.writelines(line for line in file if is_object(line))

    def ndjson():
        texts = ["ts", "level", "service", "event", "trace_id", "sid", "order_id", "user_id", "reason"]
        schema = {**{name: pl.String for name in texts}, "duration_ms": pl.Int64, "amount": pl.Float64}
        pl.scan_ndjson(f"{FOLDER}/clean.jsonl", schema=schema).select(pl.all().count()).collect(engine="streaming")

    if GROUP == "parse":
        clean()
    return {
        "parse": {
            "polars_access": access,
            "polars_parquet": lambda: columns().sink_parquet(f"{FOLDER}/polars.parquet"),
            "polars_json": ndjson,
        },
        "run": {"polars_run": answer},
    }


def duckdb_tasks():
    import duckdb

    plain = PATTERN
    for name in FIELDS:
        plain = plain.replace(f"(?P<{name}>", "(")
    names = ", ".join(f"'{name}'" for name in FIELDS)
    rows = (
        f"SELECT regexp_extract(line, '{plain}', [{names}]) AS f FROM read_csv('{LOG}', header=false, delim='\x01', "
        "quote='', escape='', columns={'line': 'VARCHAR'}, ignore_errors=true)"
    )
    columns = (
        "SELECT f.client, f.\"user\", try_strptime(f.time, '%d/%b/%Y:%H:%M:%S %z') AS time, f.method, f.path, "
        "f.http_version, try_cast(f.status AS BIGINT) AS status, try_cast(f.bytes AS BIGINT) AS bytes, f.referrer, "
        f"f.user_agent, try_cast(f.duration AS DOUBLE) AS duration, f.sid FROM ({rows})"
    )

    def access():
        duckdb.sql(f"SELECT count(COLUMNS(*)) FROM ({columns})").fetchall()

    def answer():
        duckdb.sql(
            "COPY (SELECT date_trunc('hour', time) AS hour, count(*) AS requests, count(DISTINCT client) AS clients "
            f"FROM ({columns}) WHERE status >= 500 OR duration > 3 GROUP BY 1 ORDER BY 1) "
            f"TO '{FOLDER}/duckdb_answer.parquet' (FORMAT parquet)"
        )

    return {"parse": {"duckdb_access": access}, "run": {"duckdb_run": answer}}


found = {}
for tasks in (polars_tasks, duckdb_tasks):
    try:
        for name, task in tasks()[GROUP].items():
            found[name] = best(task)
    except ImportError:
        continue
    except Exception as error:  # A peer that fails is left out, and says why.
        print(f"{tasks.__name__}: {error}", file=sys.stderr)
print(json.dumps(found))
