# Runs SQL on DuckDB for the parity tests: a JSON object a line in ({"setup": SQL, "query": SQL}), a JSON object a
# line out ({"rows": [[…]]} or {"error": "…"}). Times are microseconds since 1970, dates are days.
import datetime
import json
import math
import sys

import duckdb

EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, float) and not math.isfinite(value):
        return f"not finite: {value}"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def fresh():
    return duckdb.connect(config={"threads": 1})


# Macros and settings are the same in most tasks: a connection that has them is used again.
connection, prepared = fresh(), None
for line in sys.stdin:
    task = json.loads(line)
    prelude, mark, tables = task["setup"].partition("CREATE TEMP TABLE ")
    try:
        if prelude != prepared:
            connection.close()
            connection, prepared = fresh(), None
            connection.execute(prelude)
            prepared = prelude
        for statement in connection.extract_statements(mark + tables):
            connection.execute(statement)
        rows = connection.execute(task["query"]).fetchall()
        answer = {"rows": [[plain(value) for value in row] for row in rows]}
    except Exception as error:  # every fault is the test's to judge
        answer = {"error": str(error)}
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall():
        connection.execute(f"DROP TABLE {name}")
    print(json.dumps(answer), flush=True)
