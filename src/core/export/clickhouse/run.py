# Runs an SQL script on ClickHouse without a server (PyPI: chdb) in the current folder: run.py SCRIPT.
import os
import sys

# Modules come with Python, not from files that lie beside this one.
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != os.path.dirname(os.path.realpath(__file__))]

try:
    from chdb import session
except ImportError:
    sys.exit("error: this Python has no package `chdb`: install chdb 4.4, or name another Python in PYTHON, or ClickHouse's program in CLICKHOUSE")


def main(script):
    # Line ends inside of names and texts stay as they are.
    with open(script, encoding="utf-8", newline="") as text:
        sql = text.read()
    try:
        # What it keeps goes with the folder of the run.
        session.Session(os.path.abspath("stage/clickhouse")).query(sql)
    except Exception as error:  # chdb has no other kind
        # Nothing in a name steers a terminal.
        line = str(error).strip().split("\n")[0]
        sys.exit("error: " + "".join(sign if sign.isprintable() else " " for sign in line))


if __name__ == "__main__":
    main(sys.argv[1])
