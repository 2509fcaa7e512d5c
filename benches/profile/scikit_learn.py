#!/usr/bin/env python3
"""scikit-learn's solvers on the problems of the performance profile, on one thread.

    python3 benches/profile/scikit_learn.py FOLDER [TEXT...] > FOLDER/scikit_learn.jsonl

FOLDER holds the files that `profile --write FOLDER` wrote; TEXT keeps the problems with one of these texts in
their name. Each solver runs at the tolerances of TOLERANCES in turns; the first that ends within a relative
distance of 1e-9 of the best known optimum counts. Times are processor times; that of a solver is the least of
three, each the mean of as many fits as take a tenth of a second. A fit may take LIMIT seconds.
Needs numpy and scikit-learn.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json
import signal
import sys
import time
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
from arrays import load
from logistic import SOLVED, TOLERANCES, gap, objective
from sklearn.linear_model import LogisticRegression

SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky")
LIMIT = 10.0
REPEAT = 0.1
LONG = 1.0


class TooLong(Exception):
    pass


def stop(*_):
    raise TooLong


def fit(model, x, y, weights):
    """Mean processor time of fits; TooLong above the limit. Solvers return to Python in every iteration."""
    start, runs = time.process_time(), 0
    while (used := time.process_time() - start) < REPEAT:
        signal.setitimer(signal.ITIMER_PROF, LIMIT)
        try:
            model.fit(x, y, sample_weight=weights)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
        runs += 1
    return used / runs


def measure(line, solver, x, y, weights):
    c, best = line["c"], line["objective"]
    about = {key: line[key] for key in ("problem", "half", "c", "rows", "columns", "classes", "weights")}
    about |= {"system": "scikit-learn", "solver": solver, "seconds": None}
    for tolerance in TOLERANCES:
        model = LogisticRegression(
            C=np.inf if c is None else c, solver=solver, tol=tolerance, max_iter=100_000
        )
        try:
            seconds = fit(model, x, y, weights)
            total = len(y) if weights is None else weights.sum()
            found = objective(model, x, y, c, weights) / total
            distance = gap(found, best)
            about |= {"objective": found, "gap": distance, "iterations": int(np.max(model.n_iter_))}
            about |= {"tolerance": tolerance}
            if distance > SOLVED:
                continue
            for _ in range(2):
                if seconds < LONG:
                    seconds = min(seconds, fit(model, x, y, weights))
            return about | {"seconds": seconds, "stop": "solved"}
        except TooLong:
            return about | {"stop": f"over {LIMIT:g} s at tolerance {tolerance:g}"}
        except Exception as error:
            return about | {"stop": f"{type(error).__name__}: {error}"[:200]}
    return about | {"stop": f"gap {about['gap']:.1e} at the last tolerance"}


def main():
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, stop)
    folder, texts = sys.argv[1], sys.argv[2:]
    with open(f"{folder}/problems.jsonl") as file:
        lines = [json.loads(line) for line in file]
    for line in lines:
        if texts and not any(text in line["problem"] for text in texts):
            continue
        part = lambda name: load(f"{folder}/{line['files']}_{name}.npy")
        x, y = part("x"), part("y")
        weights = part("weights") if line["weights"] else None
        for solver in SOLVERS:
            print(json.dumps(measure(line, solver, x, y, weights)), flush=True)


main()
