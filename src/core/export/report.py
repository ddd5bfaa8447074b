# Sums up a run in the current folder: report.py JOB. The job names loads, checks that turn rows away, and joins; what the
# engine counted of them lies in the folder `counts`, a list of numbers each; what was read stands in staged.json, what was
# written in placed.json. Makes report.json, and `new`: loads that replace nothing. Ends with 3 where more was turned away
# than may be.
import json
import os
import sys


def loaded(path, otherwise):
    if not os.path.exists(path):
        return otherwise
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def tell(text):
    """On standard error; nothing in a name steers a terminal."""
    print("".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text), file=sys.stderr)


def numbered(text, numbers):
    for number in numbers:
        text = text.replace("{}", f"{number:,}", 1)
    return text


def counted(name):
    return [int(number) for number in loaded(f"counts/{name}.json", [])]


def main(job):
    # Of the ways from a source the one that turns away the most: a line that several turn away is one line.
    read, steps, turned, most = loaded("staged.json", {"sources": []})["sources"], [], {}, {}
    for source in read:
        most[source["step"]] = turned[source["step"]] = source["tally"]["quarantined"]
    for check in job["rejected"]:
        rows, rejected = counted(check["view"])
        turned[check["view"]] = rejected
        names = {name: check[name] for name in ("step", "title", "op")}
        steps.append({**names, "rows_in": [rows], "quarantined": rejected})
        way = turned.get(check["source"], 0) + sum(turned[view] for view in [check["view"], *check["before"]])
        most[check["source"]] = max(most.get(check["source"], 0), way)
        if rejected:
            tell(f"{check['title']}: {rejected:,} of {rows:,} rows in quarantine")
    units = sum(source["tally"]["read"] for source in read)
    share = min(1.0, sum(most.values()) / max(units, 1))
    quarantined = sum(source["tally"]["quarantined"] for source in read) + sum(step["quarantined"] for step in steps)
    for join in job["matches"]:
        counts, matches = counted(join["view"]), {}
        for side, (found, rows, nulls) in zip(join["sides"], (counts[:3], counts[3:])):
            unmatched = rows - found
            matches[side["side"]] = {
                "of": side["of"], "goes_on": side["goes_on"], "matched": found, "unmatched": unmatched, "null_keys": nulls,
            }  # fmt: skip
            if side["told"] and unmatched:
                text = numbered(side["told"], [unmatched, rows]) + (numbered(side["keys"], [nulls]) if nulls else "")
                tell(f"{join['title']}: {text}")
        steps.append({**{name: join[name] for name in ("step", "title", "op")}, "matches": matches})
    allowed = float(os.environ.get("PIPEWRIGHT_MAX_QUARANTINED") or job["most_rejected"])
    report = {"sources": read, "steps": steps, "quarantined": quarantined, "quarantined_share": share}
    with open("report.json", "w", encoding="utf-8") as text:
        json.dump({**report, "max_quarantined": allowed, "over_threshold": share > allowed}, text, indent=2)
        text.write("\n")
    fresh = {load["step"] for load in job["loads"] if not load["replaces"]}
    for sink in loaded("placed.json", {"sinks": []})["sinks"]:
        if sink["step"] in fresh:
            with open("new", "a", encoding="utf-8") as names:
                names.write(os.path.relpath(os.path.realpath(sink["path"]), os.path.realpath("out")) + "\n")
    if share > allowed:
        tell(
            f"warning[PW0723] {quarantined:,} units of all sources and steps in quarantine, more than the share "
            f"{allowed}\n  help: see why in quarantine/rejected.jsonl"
        )
    return 3 if share > allowed else 0


if __name__ == "__main__":
    sys.exit(main(loaded(sys.argv[1], None)))
