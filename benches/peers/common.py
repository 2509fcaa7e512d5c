"""What the programs of the other systems share: data, timing and lines of results."""

import json
import os
import time
from pathlib import Path

import numpy as np

FOLDER = Path(os.environ.get("PEERS_DATA", "target/peers"))
RUNS = int(os.environ.get("PEERS_RUNS", "3"))
SOLVED = 1e-9


def load(name, dtype=None):
    """An array in row-major order. It is filled column by column, so that there is no second copy."""
    mapped = np.load(FOLDER / f"{name}.npy", mmap_mode="r")
    if mapped.ndim == 1:
        return np.array(mapped)
    kind, shape, start = mapped.dtype, mapped.shape, mapped.offset
    del mapped
    x = np.empty(shape, dtype or kind)
    with open(FOLDER / f"{name}.npy", "rb") as file:
        file.seek(start)
        for column in range(shape[1]):
            x[:, column] = np.fromfile(file, kind, shape[0])
    return x


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


def gap(name, objective):
    """The relative distance of an objective from the optimum."""
    best = json.loads((FOLDER / "optima.json").read_text())[name]
    return (objective - best) / best


def peak_memory():
    """The largest memory of this process so far, in bytes."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return 1024.0 * int(line.split()[1])
