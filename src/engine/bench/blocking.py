"""The peer of `pipewright bench blocking`: one task in DuckDB, within a memory limit, from CSV to CSV.

Usage: blocking.py TASK FOLDER MEMORY_IN_BYTES. Prints one JSON object: seconds, and the peak of the process in bytes.
"""
import json
import resource
import sys
import time

import duckdb

TASK, FOLDER, MEMORY = sys.argv[1], sys.argv[2], int(sys.argv[3])
ROWS = (
    f"read_csv('{FOLDER}/rows.csv', header=true, columns={{'id': 'BIGINT', 'key': 'BIGINT', 't': 'TIMESTAMP', "
    "'n': 'BIGINT', 'label': 'VARCHAR'})"
)
SIDES = f"read_csv('{FOLDER}/sides.csv', header=true, columns={{'key': 'BIGINT', 'since': 'TIMESTAMP', 'name': 'VARCHAR'}})"
SMALL = (
    f"read_csv('{FOLDER}/small.csv', header=true, columns={{'id': 'BIGINT', 'user': 'VARCHAR', 'status': 'BIGINT', "
    "'duration': 'DOUBLE', 'path': 'VARCHAR'})"
)
QUERIES = {
    "sort": f"SELECT * FROM {ROWS} ORDER BY t, id",
    "distinct": f"SELECT DISTINCT * FROM {ROWS}",
    "group": f"SELECT key, count(*) AS rows, sum(n) AS total, max(t) AS latest, count(DISTINCT n) AS different FROM {ROWS} GROUP BY key",
    "join": f"SELECT r.*, s.since, s.name FROM {ROWS} r JOIN {SIDES} s ON r.key = s.key",
    "as-of join": f"SELECT r.*, s.name FROM {ROWS} r ASOF LEFT JOIN {SIDES} s ON r.key = s.key AND r.t >= s.since",
    "window": f"SELECT *, row_number() OVER (PARTITION BY key ORDER BY t, id) AS place, sum(n) OVER (PARTITION BY key) AS total FROM {ROWS}",
    "small flow": f'SELECT "user", count(*) AS rows, max(duration) AS slowest, avg(duration) AS mean FROM {SMALL} WHERE status >= 400 GROUP BY "user"',
}
connection = duckdb.connect()
connection.execute(f"SET memory_limit = '{MEMORY}B'")
connection.execute(f"SET temp_directory = '{FOLDER}/duckdb'")
begun = time.perf_counter()
connection.execute(f"COPY ({QUERIES[TASK]}) TO '{FOLDER}/duckdb.csv' (FORMAT csv, HEADER true)")
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds, "peak": peak}))
