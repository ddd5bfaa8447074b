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


for line in sys.stdin:
    task = json.loads(line)
    connection = duckdb.connect()
    try:
        for statement in connection.extract_statements(task["setup"]):
            connection.execute(statement)
        rows = connection.execute(task["query"]).fetchall()
        answer = {"rows": [[plain(value) for value in row] for row in rows]}
    except Exception as error:  # every fault is the test's to judge
        answer = {"error": str(error)}
    connection.close()
    print(json.dumps(answer), flush=True)
