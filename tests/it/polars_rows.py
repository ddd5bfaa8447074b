# Runs scripts on Polars for the parity tests: a JSON object a line in ({"script": Python, "variable": name, "columns":
# [name]}), a JSON object a line out ({"rows": [[…]]} or {"error": "…"}). Times are microseconds since 1970, dates are days.
import datetime
import json
import math
import sys

EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(microseconds=1)
    if isinstance(value, float) and not math.isfinite(value):
        return f"not finite: {value}"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


for line in sys.stdin:
    task = json.loads(line)
    try:
        names = {}
        exec(task["script"], names)
        frame = names[task["variable"]].collect()
        answer = {"rows": [[plain(value) for value in row] for row in frame.select(task["columns"]).rows()]}
    except (Exception, SystemExit) as error:  # every fault is the test's to judge
        answer = {"error": f"{type(error).__name__}: {str(error)[:1500]}"}
    print(json.dumps(answer), flush=True)
