# Stands in for Vector in the tests: vector.py --quiet --config FILE runs the commands of the sources, gives each event to
# VRL's own command line (PIPEWRIGHT_VRL), and writes what the sinks take. Nothing else of Vector is here.
import json
import os
import subprocess
import sys
import tempfile

import yaml

VRL = os.environ.get("PIPEWRIGHT_VRL", "vrl")


def results(program, events, more):
    """What a program gives for each event."""
    if not events:
        return []
    with tempfile.TemporaryDirectory() as folder:
        code, given = os.path.join(folder, "program.vrl"), os.path.join(folder, "events.jsonl")
        with open(code, "w", encoding="utf-8") as file:
            file.write(program + more)
        with open(given, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        ran = subprocess.run([VRL, "--program", code, "--input", given], capture_output=True, text=True)
    lines = ran.stdout.split("\n")[:-1]
    if ran.returncode or len(lines) != len(events):
        sys.exit(f"error: VRL says of\n{program}\n{ran.stdout[:2000]}{ran.stderr[:4000]}")
    return [json.loads(line) for line in lines]


def remapped(program, events):
    return [json.loads(text) for text in results(program, events, "\nencode_json(.)\n")]


def kept(program, events):
    return [event for event, is_kept in zip(events, results(program, events, "")) if is_kept is True]


config = yaml.safe_load(open(sys.argv[sys.argv.index("--config") + 1], encoding="utf-8"))
rows = {}
for name, source in config["sources"].items():
    assert source["type"] == "exec" and source["decoding"]["codec"] == "bytes", name
    ran = subprocess.run(source["command"], stdout=subprocess.PIPE)
    if ran.returncode:
        sys.exit(f"error: {source['command']} ends with {ran.returncode}")
    rows[name] = [{"message": line} for line in ran.stdout.decode().split("\n") if line]
steps = dict(config["transforms"])
while steps:
    ready = [name for name, step in steps.items() if all(source in rows for source in step["inputs"])]
    assert ready, "transforms in a circle, or without their inputs"
    for name in ready:
        step = steps.pop(name)
        given = [event for source in step["inputs"] for event in rows[source]]
        if step["type"] == "remap":
            rows[name] = remapped(step["source"], given)
        else:
            assert step["type"] == "filter" and step["condition"]["type"] == "vrl", name
            rows[name] = kept(step["condition"]["source"], given)
for name, sink in config["sinks"].items():
    assert sink["type"] == "file" and sink["encoding"]["codec"] == "json", name
    with open(sink["path"], "a", encoding="utf-8") as file:
        for source in sink["inputs"]:
            # A program that fails here ends everything: nothing is dropped.
            events = [] if source.endswith(".dropped") else rows[source]
            file.writelines(json.dumps(event) + "\n" for event in events)
