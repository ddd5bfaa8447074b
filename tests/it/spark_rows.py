# Runs SQL on Spark for the parity tests: a JSON object a line in ({"functions": [SQL], "query": SQL, "columns": [name]}),
# a JSON object a line out ({"rows": [[…]]} or {"error": "…"}). Times are microseconds since 1970, dates are days.
import datetime
import json
import math
import os
import sys

from pyspark.sql import SparkSession

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def plain(value):
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, float) and not math.isfinite(value):
        return f"not finite: {value}"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.shuffle.partitions": "1",
    # Expressions are compiled, as they are on many rows, not only folded.
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
}
builder = SparkSession.builder.master("local[1]").appName("parity")
for name, value in SETTINGS.items():
    builder = builder.config(name, value)
# What Spark says by the way is not for the caller.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
spark = builder.getOrCreate()
known = set()
for line in sys.stdin:
    task = json.loads(line)
    try:
        for function in task["functions"]:
            if function not in known:
                spark.sql(function)
                known.add(function)
        columns = ["`" + name.replace("`", "``") + "`" for name in task["columns"]]
        table = spark.sql(task["query"]).select(*columns).toArrow()
        answer = {"rows": [[plain(value) for value in row.values()] for row in table.to_pylist()]}
    except Exception as error:  # every fault is the test's to judge
        answer = {"error": str(error).split("\n\nJVM stacktrace")[0][:2000]}
    print(json.dumps(answer), file=answers, flush=True)
