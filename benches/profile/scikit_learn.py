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

import numpy as np
from sklearn.linear_model import LogisticRegression

SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky")
TOLERANCES = (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
SOLVED = 1e-9
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


def objective(model, x, y, weights, c):
    """The mean loss plus penalty."""
    scores = model.decision_function(x)
    if scores.ndim == 1:
        losses = np.logaddexp(0.0, np.where(y == 1, -scores, scores))
    else:
        most = scores.max(axis=1)
        losses = most + np.log(np.exp(scores - most[:, None]).sum(axis=1)) - scores[np.arange(len(y)), y]
    weights = np.ones(len(y)) if weights is None else weights
    penalty = 0.0 if c is None else 0.5 / c * (model.coef_**2).sum()
    return float((weights @ losses + penalty) / weights.sum())


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
            found = objective(model, x, y, weights, c)
            gap = (found - best) / best
            about |= {"objective": found, "gap": gap, "iterations": int(np.max(model.n_iter_))}
            about |= {"tolerance": tolerance}
            if gap > SOLVED:
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
        load = lambda part: np.load(f"{folder}/{line['files']}_{part}.npy")
        x, y = np.ascontiguousarray(load("x")), load("y")
        weights = load("weights") if line["weights"] else None
        for solver in SOLVERS:
            print(json.dumps(measure(line, solver, x, y, weights)), flush=True)


main()
