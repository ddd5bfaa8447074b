# Runs SQL on ClickHouse for the parity tests: a JSON object a line in ({"setup": SQL, "query": SQL}), a JSON object a
# line out ({"rows": [[…]]} or {"error": "…"}). A list is the one element of a tuple.
import json
import re
import sys

from chdb import session

clickhouse = session.Session()


def plain(value):
    if isinstance(value, dict):
        return plain(value["pw_list"]) if list(value) == ["pw_list"] else {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


# Settings and functions are the same in most tasks: those that are known stay.
known = set()
for line in sys.stdin:
    task = json.loads(line)
    before, mark, tables = task["setup"].partition("CREATE TEMPORARY ")
    try:
        fresh = [statement for statement in before.split(";\n") if statement not in known]
        clickhouse.query(";\n".join([*fresh, mark + tables]))
        known.update(fresh)
        lines = clickhouse.query(task["query"], "JSONCompactEachRow").bytes().decode().splitlines()
        answer = {"rows": [[plain(value) for value in json.loads(line)] for line in lines]}
    except Exception as error:  # every fault is the test's to judge
        answer = {"error": str(error)[:600]}
    for kind, name in reversed(re.findall(r"^CREATE TEMPORARY (TABLE|VIEW) (\w+) ", task["setup"], re.MULTILINE)):
        clickhouse.query(f"DROP TEMPORARY {kind} IF EXISTS {name}")
    print(json.dumps(answer), flush=True)
