#!/usr/bin/env python3
"""The shop's four answers, computed straight from the raw files: an oracle that shares no code with
the product. Python 3.11 or later, standard library only.

    shop.py DATA                 prints {answer file: [rows]} as JSON
    shop.py DATA OUT [DUMP]      compares with the answers in OUT; exit code 1 and the first
                                 differences where they are not equal. DUMP is a JSON lines dump of
                                 OUT/bad_experience_per_hour.parquet; without it duckdb, pyarrow or
                                 polars reads the file.

One rule for dirty lines: a line that its format cannot read is left out; a field that cannot be
read (`-`, not a number) is null and the row stays. In detail:
- Lines end with a line feed; a carriage return before it is dropped; invalid UTF-8 becomes U+FFFD.
  Blank lines are no rows.
- access.log: a line is readable where it has the literal text of the log_format between its
  fields, from left to right (each field ends where the literal after it first occurs, the last one
  at the end of the line), and `[…]` is a time. The request is a request line where it is a method
  in capitals, a target and HTTP/version; else method and path are null.
- app.jsonl: a line is readable where it is one JSON object.
- metrics.prom: a sample is readable where it is name{labels} value, with or
  without a timestamp. NaN is null.
Comparisons with null are null; `or` is true where one side is; filters keep what is true.
"""

import csv
import datetime
import functools
import json
import math
import os
import re
import sys
from bisect import bisect_right

UTC = datetime.timezone.utc
LITERALS = [" - ", " [", '] "', '" ', " ", ' "', '" "', '" ', " "]
REQUEST = re.compile(r"([A-Z]+) (\S+) HTTP/\d(?:\.\d)?")
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)(?: (-?\d+))?', re.A)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"', re.A)


def lines(path):
    with open(path, "rb") as file:
        for line in file:
            text = line.rstrip(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
            if text.strip():
                yield text


def number(text, kind):
    try:
        value = kind(text.replace("_", "?"))
    except ValueError:
        return None
    return None if isinstance(value, float) and math.isnan(value) else value


@functools.lru_cache(maxsize=1024)
def access_time(text):
    try:
        return datetime.datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


def access_fields(path):
    """The fields of each readable line, with its time."""
    for line in lines(path):
        fields, start = [], 0
        for literal in LITERALS:
            end = line.find(literal, start)
            if end < 0:
                break
            fields.append(line[start:end])
            start = end + len(literal)
        else:
            fields.append(line[start:])
            time = access_time(fields[2])
            if time:
                yield time, fields


def access_log(path):
    """Readable lines as (time, request, status, duration, session id)."""
    for time, fields in access_fields(path):
        sid = None if fields[9] == "-" else fields[9]
        yield time, fields[3], number(fields[4], int), number(fields[8], float), sid


def objects(path):
    for line in lines(path):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def instant(text):
    time = datetime.datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def shown(time):
    return time.isoformat().replace("+00:00", "Z")


def bad_experience_per_hour(data):
    hours = {}
    for time, _, status, duration, sid in access_log(f"{data}/access.log"):
        if (status is not None and status >= 500) or (duration is not None and duration > 3):
            hour = hours.setdefault(time.replace(minute=0, second=0, microsecond=0), [0, set()])
            hour[0] += 1
            hour[1].add(sid)
    return [
        {"hour": shown(hour), "users": len(sids - {None}), "requests": requests}
        for hour, (requests, sids) in sorted(hours.items())
    ]


def pages_by_visitors(data):
    pages = {}
    for _, request, status, _, sid in access_log(f"{data}/access.log"):
        parts = REQUEST.fullmatch(request)
        if not parts or parts[1] != "GET" or sid is None or status is None or not 200 <= status <= 399:
            continue
        page = parts[2].split("?", 1)[0]
        if not page.startswith("/static/"):
            entry = pages.setdefault(page, [0, set()])
            entry[0] += 1
            entry[1].add(sid)
    rows = [{"page": page, "visitors": len(sids), "views": views} for page, (views, sids) in pages.items()]
    rows.sort(key=lambda row: (-row["visitors"], -row["views"], row["page"]))
    return rows[:20]


def services_to_expand(data):
    with open(f"{data}/services.json", encoding="utf-8") as file:
        known = {item["name"]: item for page in json.load(file) for item in page["items"]}
    shares = {}
    for line in lines(f"{data}/metrics.prom"):
        sample = SAMPLE.fullmatch(line)
        if sample and sample[1] == "service_cpu_share":
            labels = dict(LABEL.findall(sample[2] or ""))
            shares.setdefault(labels.get("service"), []).append(number(sample[3], float))
    rows = []
    for service in shares:
        values = [share for share in shares[service] if share is not None]
        item, busy = known.get(service, {}), sum(share > 0.8 for share in values)
        rows.append({
            "service": service,
            "team": (item.get("owner") or {}).get("team"),
            "replicas": item.get("replicas"),
            "samples": len(values),
            "busy_samples": busy,
            "share": busy / len(values) if values else None,
            "cpu_max": max(values, default=None),
        })
    return sorted(rows, key=lambda row: (row["share"] is None, -(row["share"] or 0), row["service"]))


def failed_transactions(data):
    releases = {}
    with open(f"{data}/releases.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            releases.setdefault(row["service"], []).append((instant(row["released_at"]), row["version"]))
    for versions in releases.values():
        versions.sort()
    rows = []
    for event in objects(f"{data}/app.jsonl"):
        if event.get("event") != "payment_failed":
            continue
        time, versions = instant(event["ts"]), releases.get(event["service"], [])
        place = bisect_right([live for live, _ in versions], time)
        fields = {name: event.get(name) for name in ("order_id", "user_id", "reason", "trace_id", "service")}
        rows.append({"time": time, **fields, "release": versions[place - 1][1] if place else None})
    rows.sort(key=lambda row: (row["time"], row["order_id"]))
    return [{**row, "time": shown(row["time"])} for row in rows]


def answers(data):
    return {
        "bad_experience_per_hour.parquet": bad_experience_per_hour(data),
        "pages_by_visitors.csv": pages_by_visitors(data),
        "services_to_expand.csv": services_to_expand(data),
        "failed_transactions.jsonl": failed_transactions(data),
    }


def read_parquet(path):
    """Rows of a Parquet file by whatever reader is installed."""
    try:
        import duckdb
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute("SELECT to_json(t)::VARCHAR FROM read_parquet(?) t", [path])
        return [json.loads(row) for (row,) in rows.fetchall()]
    except ImportError:
        pass
    try:
        import pyarrow.parquet
        return pyarrow.parquet.read_table(path).to_pylist()
    except ImportError:
        import polars
        return polars.read_parquet(path).to_dicts()


def read_answer(path, dump):
    if path.endswith(".csv"):
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.endswith(".jsonl") or dump:
        with open(dump or path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]
    return read_parquet(path)


def comparable(value, expected):
    """A value as it was written, in the type that is expected."""
    if value is None or (value == "" and expected is None):
        return None
    try:
        if isinstance(value, datetime.datetime):
            # A reader of Parquet may leave out the time zone, which is UTC.
            return shown(value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC))
        if isinstance(expected, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", expected):
            return shown(instant(value))
        if isinstance(value, str) and isinstance(expected, (int, float)):
            return type(expected)(value)
    except (TypeError, ValueError):
        pass
    return value


def differences(name, expected, found):
    if len(expected) != len(found):
        yield f"{name}: {len(found)} rows instead of {len(expected)}"
    for number_of_row, (want, have) in enumerate(zip(expected, found), 1):
        if list(want) != list(have):
            yield f"{name}: row {number_of_row} has the columns {list(have)} instead of {list(want)}"
            return
        for column, value in want.items():
            if comparable(have[column], value) != value:
                yield f"{name}: row {number_of_row}, {column}: {have[column]!r} instead of {value!r}"


def main(arguments):
    if not 2 <= len(arguments) <= 4:
        print(__doc__, file=sys.stderr)
        return 2
    expected = answers(arguments[1])
    if len(arguments) == 2:
        json.dump(expected, sys.stdout, indent=1, ensure_ascii=False)
        print()
        return 0
    dump, failed = (arguments[3] if len(arguments) == 4 else None), False
    for name, rows in expected.items():
        path = os.path.join(arguments[2], name)
        try:
            found = read_answer(path, dump if name.endswith(".parquet") else None)
            wrong = list(differences(name, rows, found))
        except OSError as error:
            wrong = [f"{name}: {error.strerror}"]
        print("\n".join(wrong[:10]) if wrong else f"{name}: {len(rows)} rows, equal")
        failed |= bool(wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
