#!/usr/bin/env python3
"""Writes the data of the comparison, and the optima of its logistic regressions.

    python3 benches/peers/data.py FOLDER

Arrays are files of NumPy in column-major order. `optima.json` has the smallest objectives, in sums over rows:
log-loss plus half the sum of squared coefficients. Needs numpy and scikit-learn.
"""

import gzip
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
from logistic import objective
from scipy.linalg import solve
from scipy.special import expit
from sklearn import datasets
from sklearn.linear_model import LogisticRegression

FOLDER = Path(sys.argv[1])
DIGITS = Path(__file__).resolve().parents[2] / "tests" / "data" / "mnist"


def write(name, x, y=None):
    np.save(FOLDER / f"{name}_x.npy", np.asfortranarray(x))
    if y is not None:
        np.save(FOLDER / f"{name}_y.npy", np.asarray(y, np.uint8))
    print(name, x.shape, x.dtype)


def digits():
    """The subset of MNIST of the tests: 8,000 and 2,000 digits of 784 pixels from 0 to 1."""

    def read(name, head):
        return np.frombuffer(gzip.open(DIGITS / f"{name}.gz").read()[head:], np.uint8)

    for ours, theirs in (("digits_train", "train"), ("digits_test", "t10k")):
        x = read(f"{theirs}-images-idx3-ubyte", 16).reshape(-1, 784)
        write(ours, (x / 255).astype(np.float32), read(f"{theirs}-labels-idx1-ubyte", 8))


def plane():
    """4,000 rows of two columns. Class 0 is spread over several regions, class 1 is compact."""
    rng = np.random.default_rng(0)
    first = np.concatenate([rng.normal(5, 10, 1000), rng.normal(40, 20, 1000)])
    second = np.concatenate([rng.normal(5, 2, 1000), rng.normal(2, 1, 1000)])
    x = np.concatenate([np.c_[first, second], np.c_[rng.normal(60, 5, 2000), rng.normal(10, 1, 2000)]])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    order = rng.permutation(4000)
    x, y = x[order], np.repeat([0, 1], 2000)[order]
    write("plane_train", x[:3200], y[:3200])
    write("plane_test", x[3200:], y[3200:])


def blobs():
    """250 rows of two overlapping classes."""
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal([-1, -1], 0.8, (125, 2)), rng.normal([1, 1], 0.8, (125, 2))])
    order = rng.permutation(250)
    write("blobs", x[order], np.repeat([0, 1], 125)[order])


def redundant(name, rows):
    """50 columns, of which 10 are combinations of 20 that matter; 5 % of the labels are random."""
    x, y = datasets.make_classification(
        n_samples=rows, n_features=50, n_informative=20, n_redundant=10, flip_y=0.05, random_state=0
    )
    write(name, x, y)
    return x, y


def standardised(name):
    data = getattr(datasets, f"load_{name}")()
    x = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    write(name, x, data.target)
    return x, data.target


def factors():
    """20,000 rows of 100 columns that share 30 factors."""
    rng = np.random.default_rng(7)
    shared = rng.normal(size=(20_000, 30)) @ rng.normal(size=(30, 100))
    write("factors", shared + rng.normal(size=(20_000, 100)))


def binary(x, y):
    """The optimum by Newton's method with halved steps, until the decrement is rounding."""
    x1, signs = np.c_[x, np.ones(len(x))], np.where(y == 1, 1.0, -1.0)
    ridge = np.r_[np.ones(x.shape[1]), 0.0]
    value = lambda w: np.logaddexp(0, -signs * (x1 @ w)).sum() + 0.5 * (ridge * w) @ w
    w = np.zeros(x1.shape[1])
    for _ in range(50):
        p = expit(x1 @ w)
        gradient = x1.T @ (p - y) + ridge * w
        step = solve((x1.T * (p * (1 - p))) @ x1 + np.diag(ridge), gradient, assume_a="pos")
        size = 1.0
        while value(w - size * step) > value(w) * (1 + 1e-13) and size > 1e-10:
            size /= 2
        w -= size * step
        if gradient @ step < 1e-14 * value(w):
            break
    return value(w)


def softmax(x, y):
    """The optimum by scikit-learn's Newton-CG, far below the distance that counts."""
    model = LogisticRegression(C=1.0, solver="newton-cg", tol=1e-12, max_iter=10_000).fit(x, y)
    return objective(model, x, y)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    digits()
    plane()
    blobs()
    factors()
    optima = {
        "breast_cancer": binary(*standardised("breast_cancer")),
        "iris": softmax(*standardised("iris")),
        "redundant": binary(*redundant("redundant", 200_000)),
        "redundant_long": binary(*redundant("redundant_long", 1_000_000)),
    }
    x, y = (np.load(FOLDER / f"digits_train_{part}.npy") for part in "xy")
    optima["digits_train"] = softmax(x.astype(np.float64), y)
    (FOLDER / "optima.json").write_text(json.dumps(optima, indent=1))


main()
