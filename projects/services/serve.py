"""Serves the services of the worked shop as an API with pages, and makes the database of its releases.

    python3 serve.py [PORT] [DATABASE]

Needs nothing but Python. The token that it wants is that of the variable SERVICES_TOKEN, if that is set.
"""

import csv
import http.server
import json
import os
import pathlib
import sqlite3
import sys
import urllib.parse

SAMPLES = pathlib.Path(__file__).parent.parent / "shop" / "samples"


def make_database(path):
    with sqlite3.connect(path) as database, open(SAMPLES / "releases.csv", newline="") as lines:
        rows = [(row["service"], row["version"], row["released_at"]) for row in csv.DictReader(lines)]
        database.execute("DROP TABLE IF EXISTS releases")
        database.execute("CREATE TABLE releases (service TEXT NOT NULL, version TEXT, released_at TIMESTAMP)")
        database.executemany("INSERT INTO releases VALUES (?, ?, ?)", rows)


class Services(http.server.BaseHTTPRequestHandler):
    pages = json.loads((SAMPLES / "services.json").read_text())

    def do_GET(self):
        asked = urllib.parse.urlsplit(self.path)
        number = int(urllib.parse.parse_qs(asked.query).get("page", ["1"])[0])
        token = os.environ.get("SERVICES_TOKEN")
        if token and self.headers.get("Authorization") != f"Bearer {token}":
            self.answer(401, {"error": "no right"})
        elif asked.path != "/services":
            self.answer(404, {"error": "nothing here"})
        else:
            self.answer(200, self.pages[number - 1] if number <= len(self.pages) else {"page": number, "items": []})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    make_database(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "services.db")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8090
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Services) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
