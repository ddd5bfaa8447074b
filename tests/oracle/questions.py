#!/usr/bin/env python3
"""Twelve ready-made questions about the shop, answered straight from the raw files: an oracle that shares no code with
the product. Python 3.11 or later, standard library only.

    questions.py DATA OUT      compares with OUT/<question id>.jsonl; exit code 1 and the first differences where a
                               file is not equal. Rows in any order, floats to nine digits.

Lines and fields are read as shop.py says.
"""

import re
import csv
import json
import os
import sys
from bisect import bisect_right
from collections import defaultdict

import shop


def whole(text):
    """A whole number of 64 bits; any other is not readable."""
    value = shop.number(text, int)
    return value if value is not None and -(2**63) <= value < 2**63 else None


PROGRAMS = re.compile(
    "bot|crawl|spider|slurp|headless|preview|monitor|probe|uptime|scan|fetcher|nikto|curl/|wget/|python-|go-http-client/|java/",
    re.IGNORECASE,
)


def requests(data):
    """(time, visitor, status, bytes, duration) of each readable line; a visitor is an address with a browser, and nobody where
    it is a program that says so."""
    for time, fields in shop.access_fields(f"{data}/access.log"):
        client = None if fields[0] == "-" else fields[0]
        agent = fields[7].strip()
        visitor = None if client is None or PROGRAMS.search(agent) else (client, agent)
        status, size = whole(fields[4]), whole(fields[5])
        yield time, visitor, status, size, shop.number(fields[8], float)


def events(data):
    for event in shop.objects(f"{data}/app.jsonl"):
        event["time"] = shop.instant(event["ts"])
        yield event


def table(data, name):
    with open(f"{data}/{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(time):
    return shop.shown(time.replace(hour=0, minute=0, second=0, microsecond=0))


def hour(time):
    return shop.shown(time.replace(minute=0, second=0, microsecond=0))


def users_bad_experience(data):
    hours = defaultdict(lambda: [set(), 0])
    for time, visitor, status, _, duration in requests(data):
        if visitor and ((status or 0) >= 500 or (duration or 0) > 3):
            entry = hours[hour(time)]
            entry[0].add(visitor)
            entry[1] += 1
    return [{"hour": key, "users": len(users - {None}), "requests": count} for key, (users, count) in hours.items()]


def load_per_hour(data):
    hours = defaultdict(lambda: [0, 0])
    for time, _, _, size, _ in requests(data):
        hours[hour(time)][0] += 1
        hours[hour(time)][1] += size or 0
    return [{"hour": key, "requests": count, "bytes": size} for key, (count, size) in hours.items()]


def orders_per_day(data):
    days = defaultdict(lambda: [set(), set(), []])
    for event in events(data):
        if event.get("order_id") is None or event.get("event") == "payment_failed":
            continue
        entry = days[day(event["time"])]
        for place, name in enumerate(["order_id", "user_id"]):
            entry[place].add(event.get(name))
        entry[2].append(event.get("amount"))
    return [
        {
            "day": key,
            "orders": len(orders - {None}),
            "users": len(users - {None}),
            "largest": max(amount for amount in amounts if amount is not None),
        }
        for key, (orders, users, amounts) in days.items()
    ]


def version_at(data):
    live = defaultdict(list)
    for row in table(data, "releases"):
        live[row["service"]].append((shop.instant(row["released_at"]), row["version"]))
    for versions in live.values():
        versions.sort()

    def version(service, time):
        versions = live.get(service, [])
        place = bisect_right([start for start, _ in versions], time)
        return versions[place - 1][1] if place else None

    return version


def transactions_failed(data):
    version = version_at(data)
    return [
        {
            "time": shop.shown(event["time"]),
            "transaction": event.get("order_id"),
            "service": event.get("service"),
            "version": version(event.get("service"), event["time"]),
            "user": event.get("user_id"),
            "reason": event.get("reason"),
            "amount": event.get("amount"),
            "trace": event.get("trace_id"),
        }
        for event in events(data)
        if event["event"] == "payment_failed"
    ]


def transaction_failure_rate(data):
    hours = defaultdict(lambda: [0, 0])
    for event in events(data):
        if event["event"] in ("payment_ok", "payment_failed"):
            hours[hour(event["time"])][0] += 1
            hours[hour(event["time"])][1] += event["event"] == "payment_failed"
    return [
        {"hour": key, "transactions": count, "failed": failed, "share": failed / count}
        for key, (count, failed) in hours.items()
    ]


def revenue_lost(data):
    lost = defaultdict(lambda: [0, []])
    for event in events(data):
        if event["event"] == "payment_failed":
            entry = lost[day(event["time"]), event.get("reason")]
            entry[0] += 1
            entry[1].append(event.get("amount"))
    return [
        {"day": key, "reason": reason, "failed": count, "amount": sum(a for a in amounts if a is not None)}
        for (key, reason), (count, amounts) in lost.items()
    ]


def users_by_country(data):
    home = {row["user_id"]: row["country"] or None for row in table(data, "users")}
    countries = defaultdict(lambda: [set(), 0])
    for event in events(data):
        user = event.get("user_id")
        countries[home.get(user)][0].add(user)
        countries[home.get(user)][1] += 1
    return [{"country": key, "users": len(users - {None}), "rows": rows} for key, (users, rows) in countries.items()]


def releases_per_month(data):
    months = defaultdict(int)
    for row in table(data, "releases"):
        month = shop.instant(row["released_at"]).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        months[shop.shown(month), row["service"]] += 1
    return [{"month": month, "service": service, "releases": count} for (month, service), count in months.items()]


def services_to_expand(data):
    with open(f"{data}/services.json", encoding="utf-8") as file:
        known = {item["name"]: item for page in json.load(file) for item in page["items"]}
    shares = defaultdict(list)
    for line in shop.lines(f"{data}/metrics.prom"):
        sample = shop.SAMPLE.fullmatch(line)
        if sample and sample[1] == "service_cpu_share":
            share = shop.number(sample[3], float)
            if share is not None:
                shares[dict(shop.LABEL.findall(sample[2] or "")).get("service")].append(share)
    return [
        {
            "service": service,
            "owner": (known.get(service, {}).get("owner") or {}).get("team"),
            "replicas": known.get(service, {}).get("replicas"),
            "samples": len(values),
            "busy_samples": sum(share > 0.8 for share in values),
            "share": sum(share > 0.8 for share in values) / len(values),
            "cpu_max": max(values),
        }
        for service, values in shares.items()
    ]


def availability(data):
    days = defaultdict(lambda: [0, 0])
    for time, _, status, _, _ in requests(data):
        days[day(time)][0] += 1
        days[day(time)][1] += status is None or status < 500
    return [
        {
            "day": key,
            "requests": count,
            "available": 100 * good / count,
            "goal": 99.5,
            "goal_met": 100 * good / count >= 99.5,
        }
        for key, (count, good) in days.items()
    ]


PROBES = re.compile(
    r"wp-login|wp-admin|wp-content/plugins|xmlrpc[.]php|phpmyadmin|/administrator/|/[.]env|/[.]git/|/[.]aws|/[.]ssh"
    r"|etc/passwd|[.][.]/|%2e%2e|%c0%af|cmd[.]exe|/cgi-bin/|/boaform|/manager/html|phpunit|union(%20|[+ ])(all|select)"
    r"|<script|%3cscript|/HNAP1|jndi:|('|%27)([+ ]|%20)*(or|and)([+ ]|%20)+['0-9]|^[a-z0-9.-]+:[0-9]+$"
    r"|^ssh-[0-9]|^.x16.x03|^.x03.x00|mstshash=",
    re.IGNORECASE,
)


# A target may hold spaces, where the client did not escape them.
ASKED = re.compile(r"[A-Z]+ (.+) HTTP/\d(?:\.\d)?")


def scanners(data):
    clients = defaultdict(list)
    for time, fields in shop.access_fields(f"{data}/access.log"):
        status, line = whole(fields[4]), ASKED.fullmatch(fields[3])
        path = line and line[1]
        is_refused = status is not None and 400 <= status <= 499
        page = path.split("?")[0] if path is not None else None
        # What is no request is looked at as it was sent; a proxy that asks who somebody is refuses nobody.
        asked = path if path is not None else fields[3]
        is_probe = is_refused and status != 407 and bool(PROBES.search(asked))
        clients[None if fields[0] == "-" else fields[0]].append((time, is_refused, page, is_probe))
    found = []
    for client, rows in clients.items():
        refused = sum(row[1] for row in rows)
        pages = len({row[2] for row in rows if row[1] and row[2] is not None})
        known = sum(row[3] for row in rows)
        if known >= 2 or (pages >= 10 and refused >= 0.5 * len(rows)):
            times = [row[0] for row in rows]
            found.append(
                {
                    "client": client,
                    "requests": len(rows),
                    "refused_requests": refused,
                    "pages": pages,
                    "known_targets": known,
                    "first_seen": shop.shown(min(times)),
                    "last_seen": shop.shown(max(times)),
                    "network": ".".join(client.split(".")[:3]),
                }
            )
    return sorted(found, key=lambda row: (-row["refused_requests"], row["client"]))[:100]


def peak_hours(data):
    hours = defaultdict(lambda: [0, set()])
    for time, *_ in requests(data):
        hours[time.hour][0] += 1
        hours[time.hour][1].add(day(time))
    return [
        {"hour_of_day": hour, "requests": count, "days": len(days), "requests_a_day": count / len(days)}
        for hour, (count, days) in hours.items()
    ]


QUESTIONS = {
    "peak-hours": peak_hours,
    "scanners": scanners,
    "availability": availability,
    "users-bad-experience": users_bad_experience,
    "load-per-hour": load_per_hour,
    "orders-per-day": orders_per_day,
    "transactions-failed": transactions_failed,
    "transaction-failure-rate": transaction_failure_rate,
    "revenue-lost": revenue_lost,
    "users-by-country": users_by_country,
    "releases-per-month": releases_per_month,
    "services-to-expand": services_to_expand,
}


def comparable(rows):
    def cell(value):
        if isinstance(value, str) and len(value) > 19 and value[10] == "T":
            return shop.shown(shop.instant(value))
        return f"{float(value):.9g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    return sorted(json.dumps({key: cell(value) for key, value in row.items()}, sort_keys=True) for row in rows)


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    failed = False
    for name, answer in QUESTIONS.items():
        expected = comparable(answer(arguments[1]))
        try:
            with open(os.path.join(arguments[2], f"{name}.jsonl"), encoding="utf-8") as file:
                found = comparable(json.loads(line) for line in file)
        except OSError as error:
            print(f"{name}: {error.strerror}")
            failed = True
            continue
        if found == expected:
            print(f"{name}: {len(expected)} rows, equal")
            continue
        failed = True
        for row in [row for row in expected if row not in found][:3]:
            print(f"{name}: missing {row}")
        for row in [row for row in found if row not in expected][:3]:
            print(f"{name}: instead {row}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
