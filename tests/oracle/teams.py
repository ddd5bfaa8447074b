#!/usr/bin/env python3
"""The two answers of the example of two teams, computed straight from the raw files: an oracle that shares no code with
the product. Standard library only.

    teams.py DATA OUT     compares with the answers in OUT; exit code 1 and the first differences where they are not equal.

A line of visits.jsonl that is no JSON object is left out; an empty field of a table is null. A visit is bad where its
status is 500 or more, or where it took more than 3,000 ms. Sums leave null out, and are null where nothing is left.
"""

import csv
import json
import os
import sys

SLOW_AFTER = 3000


def table(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]


def visits(folder):
    with open(os.path.join(folder, "visits.jsonl"), encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                pass


def total(values):
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def spent_after_bad_visits(data):
    bad, orders = {}, {}
    for visit in visits(data):
        if visit["customer"] is not None and (visit["status"] >= 500 or visit["duration_ms"] > SLOW_AFTER):
            bad[visit["customer"]] = bad.get(visit["customer"], 0) + 1
    for order in table(data, "orders.csv"):
        orders.setdefault(order["customer"], []).append(int(order["cents"]))
    plans = {}
    for customer in table(data, "customers.csv"):
        count = bad.get(customer["customer"])
        if count is not None:
            plans.setdefault(customer["plan"], []).append((count, orders.get(customer["customer"])))
    rows = []
    for plan, people in plans.items():
        counts = [None if paid is None else len(paid) for _, paid in people]
        cents = [None if paid is None else sum(paid) for _, paid in people]
        rows.append([plan, len(people), sum(count for count, _ in people), total(counts), total(cents)])
    return ["plan", "customers", "bad_visits", "orders", "cents"], rows


def pages_by_plan(data):
    plan_of = {customer["customer"]: customer["plan"] for customer in table(data, "customers.csv")}
    pages = {}
    for visit in visits(data):
        found = pages.setdefault((visit["page"], plan_of.get(visit["customer"])), [0, 0])
        found[0] += 1
        found[1] += visit["duration_ms"] > SLOW_AFTER
    return ["page", "plan", "visits", "slow"], [[*key, *counts] for key, counts in pages.items()]


def main(data, out):
    failed = 0
    for name, answer in [("spent_after_bad_visits.csv", spent_after_bad_visits), ("pages_by_plan.csv", pages_by_plan)]:
        columns, rows = answer(data)
        wanted = sorted([[None if value is None else str(value) for value in row] for row in rows], key=str)
        found = sorted([[row[column] for column in columns] for row in table(out, name)], key=str)
        if wanted and found == wanted:
            print(f"equal: {name}, {len(wanted)} rows")
        else:
            failed = 1
            rest = [row for row in wanted if row not in found], [row for row in found if row not in wanted]
            print(f"DIFFERENT: {name}: missing {rest[0][:3]}, not expected {rest[1][:3]}")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
