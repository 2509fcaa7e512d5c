#!/usr/bin/env python3
"""scikit-learn's and NumPy's side of the comparison: `run` calls it. Needs numpy and scikit-learn."""

import sys
import warnings

import numpy as np
from common import SHORT, emit, load, optimum, peak_memory, seconds
from logistic import SOLVED, TOLERANCES, gap, objective
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAME = "scikit-learn"


def network(sizes, batch, epochs, rate):
    """A network without a penalty that trains to the last epoch."""
    return lambda seed: MLPClassifier(
        sizes, alpha=0.0, tol=0.0, n_iter_no_change=10**9, learning_rate_init=rate, batch_size=batch,
        max_iter=epochs, random_state=seed,
    )


def train(task, data, model, scale=1.0):
    x, y = load(f"{data}_train_x", np.float32), load(f"{data}_train_y")
    time, fitted = seconds(lambda seed: model(seed).fit(x, y))
    accuracy = fitted.score(load(f"{data}_test_x", np.float32), load(f"{data}_test_y"))
    emit(NAME, task, time * scale, accuracy=accuracy)


def fit(task, data, *solvers, least=0.0):
    """The time at the first tolerance that solves the problem, for each solver."""
    x, y, best = load(f"{data}_x", np.float64), load(f"{data}_y"), optimum(data)
    for solver in solvers:
        for tolerance in TOLERANCES:
            model = LogisticRegression(C=1.0, solver=solver, tol=tolerance, max_iter=100_000)
            distance = gap(objective(model.fit(x, y), x, y), best)
            if distance <= SOLVED:
                break
        memory = peak_memory() / x.nbytes
        time, fitted = seconds(lambda seed: model.fit(x, y), least)
        about = {"gap": distance, "tolerance": tolerance, "iterations": int(fitted.n_iter_.max())}
        emit(f"{NAME} {solver}", task, time, memory=memory, **about)


def predict_network():
    x = np.concatenate([load("digits_train_x"), load("digits_test_x")])
    model = network((100,), 200, 1, 1e-3)(0).fit(x[:8000], load("digits_train_y"))
    emit(NAME, "T6 network, 10,000 rows", seconds(lambda seed: model.predict_proba(x), SHORT)[0])
    emit(NAME, "T6 network, one row", seconds(lambda seed: model.predict_proba(x[:1]), SHORT)[0])


def predict_logistic():
    x, y = load("redundant_x", np.float32), load("redundant_y")
    model = LogisticRegression().fit(x[:5000], y[:5000])
    emit(NAME, "T6 logistic, 200,000 rows", seconds(lambda seed: model.predict_proba(x), SHORT)[0])
    emit(NAME, "T6 logistic, one row", seconds(lambda seed: model.predict_proba(x[:1]), SHORT)[0])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x[:5000], y[:5000])
    emit(NAME, "pipeline, one row", seconds(lambda seed: model.predict_proba(x[:1]), SHORT)[0])


def scale():
    x = load("redundant_long_x")
    scaler = StandardScaler().fit(x)
    emit(NAME, "standard scaler, transform", seconds(lambda seed: scaler.transform(x), SHORT)[0])
    mean, factor = scaler.mean_, 1.0 / scaler.scale_
    out = np.empty_like(x)

    def numpy(_):
        np.subtract(x, mean, out=out)
        np.multiply(out, factor, out=out)

    emit("NumPy", "standard scaler, into memory that is there", seconds(numpy, SHORT)[0])


def components():
    x = load("factors_x")
    time, fitted = seconds(lambda seed: PCA(20, svd_solver="covariance_eigh").fit(x), SHORT)
    emit(NAME, "principal components, fit", time)
    emit(NAME, "principal components, transform", seconds(lambda seed: fitted.transform(x), SHORT)[0])


TASKS = {
    "T1": lambda: train("T1", "plane", network((3,), 15, 50, 0.0009), scale=20.0),
    "T2": lambda: train("T2", "digits", network((100,), 200, 20, 1e-3)),
    "T2b": lambda: train("T2b", "digits", network((100,), 32, 5, 1e-3)),
    "T3": lambda: fit("T3", "redundant", "newton-cholesky", "lbfgs"),
    "T4": lambda: fit("T4", "digits_train", "newton-cg", "lbfgs"),
    "T5": lambda: [
        fit("T5 breast cancer", "breast_cancer", "newton-cholesky", "lbfgs", least=SHORT),
        fit("T5 iris", "iris", "newton-cholesky", "lbfgs", least=SHORT),
    ],
    "T6net": predict_network,
    "T6": predict_logistic,
    "T8": lambda: fit("T8", "redundant_long", "newton-cholesky"),
    "scaler": scale,
    "components": components,
}
warnings.simplefilter("ignore")
for name in sys.argv[1:]:
    if name in TASKS:
        TASKS[name]()
