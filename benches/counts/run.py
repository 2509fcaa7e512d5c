#!/usr/bin/env python3
"""Counts instructions of the crate's hot paths, and compares them with benches/counts/expected.json.

    python3 benches/counts/run.py [--update] [TEXT...]

--update writes the counts that were found; TEXT keeps the work with one of these texts in its name. A count
more than 5 % above the expected one fails. A count more than 10 % below asks for an update, so that the gain
is kept. Needs cargo and valgrind, and the standard library only.

The counts are those of processors with AVX2: valgrind has no AVX-512. They do not depend on other work on the
machine, and hardly on its processor. They do depend on the compiler: with another one than the file names,
only counts that are half as large again fail, as those of loops that are no longer vectorised.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = Path(__file__).parent / "expected.json"
MORE, OTHER_COMPILER, LESS = 1.05, 1.5, 0.90


def build():
    command = ["cargo", "build", "--quiet", "--release", "-p", "benches", "--bin", "counts"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "counts"


def instructions(binary, name, amount):
    """The instructions of a run."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, name, str(amount)]
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"`{name}` does not run under valgrind:\n{run.stderr}")
    return int(found.group(1))


def count(binary, work):
    """Instructions per unit: the difference of two runs with different amounts of work."""
    name, low, high, _, units = work
    small, large = (instructions(binary, name, amount) for amount in (low, high))
    return (large - small) / ((int(high) - int(low)) * int(units))


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def main():
    texts = [argument for argument in sys.argv[1:] if argument != "--update"]
    update = "--update" in sys.argv
    binary = build()
    listed = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout
    every = [line.split("\t") for line in listed.splitlines()]
    chosen = [work for work in every if not texts or any(text in work[0] for text in texts)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = dict(zip((work[0] for work in chosen), threads.map(lambda work: count(binary, work), chosen)))

    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {"counts": {}}
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    more = MORE if rustc == expected.get("rustc") else OTHER_COMPILER
    slower, faster, new = [], [], []
    print("| work | per | instructions | expected | ratio |\n|---|---|---|---|---|")
    for name, _, _, unit, _ in chosen:
        before = expected["counts"].get(name)
        ratio = found[name] / before if before else None
        shown = ("-", "-") if ratio is None else (number(before), f"{ratio:.3f}")
        print(f"| {name} | {unit} | {number(found[name])} | {shown[0]} | {shown[1]} |")
        if ratio is None:
            new.append(name)
        elif ratio > more:
            slower.append(name)
        elif ratio < LESS:
            faster.append(name)

    if update:
        kept = {name: expected["counts"].get(name) for name, *_ in every} | found
        counts = {name: float(f"{value:.6g}") for name, value in kept.items() if value is not None}
        EXPECTED.write_text(json.dumps({"rustc": rustc, "counts": counts}, indent=2) + "\n")
        print(f"\nwritten to {EXPECTED.relative_to(ROOT)}")
        return
    if slower or faster or new:
        print(f"\nexpected with {expected.get('rustc', 'no compiler')}, found with {rustc}")
    if faster:
        print(f"fewer instructions than expected: {'; '.join(faster)}")
        print("keep the gain: python3 benches/counts/run.py --update")
    if new:
        print(f"not in expected.json: {'; '.join(new)}")
    if slower:
        print(f"more instructions than expected: {'; '.join(slower)}")
        print("a loop may have become scalar; if the change is meant: python3 benches/counts/run.py --update")
    if slower or new:
        sys.exit(1)


main()
