"""What the programs of the other systems share: data, timing and lines of results."""

import json
import os
import sys
import time
from pathlib import Path

# The modules that all comparisons share, for the programs that import this one too.
sys.path.append(str(Path(__file__).resolve().parents[1]))

import arrays

FOLDER = Path(os.environ.get("PEERS_DATA", "target/peers"))
RUNS = int(os.environ.get("PEERS_RUNS", "3"))
# The least seconds of a run of short work.
SHORT = 0.2


def load(name, dtype=None):
    """An array of the comparison, in row-major order."""
    return arrays.load(FOLDER / f"{name}.npy", dtype)


def seconds(work, least=0.0):
    """The least time of RUNS runs after one that warms up, of work(seed), and the last result. Each run lasts
    `least` seconds: short work is repeated."""
    times, times_in_run = [], 1
    start = time.perf_counter()
    result = work(0)
    first = time.perf_counter() - start
    if first < least:
        times_in_run = int(least / max(first, 1e-7)) + 1
    for run in range(RUNS):
        start = time.perf_counter()
        for _ in range(times_in_run):
            result = work(run + 1)
        times.append((time.perf_counter() - start) / times_in_run)
    return min(times), result


def emit(system, task, time_of_one, **measured):
    line = {"system": system, "task": task, "seconds": time_of_one, **measured}
    print(json.dumps(line), flush=True)


def optimum(name):
    """The smallest objective of a logistic regression, as `data.py` found it."""
    return json.loads((FOLDER / "optima.json").read_text())[name]


def peak_memory():
    """The largest memory of this process so far, in bytes."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return 1024.0 * int(line.split()[1])
