#!/usr/bin/env python3
"""JAX's side of the comparison: `run` calls it. The steps of an epoch are one compiled scan, and compiling is
not part of a time. Needs numpy and jax."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from common import SHORT, emit, load, seconds

NAME = "JAX"


def start(key, sizes):
    params = []
    for inputs, outputs in zip(sizes[:-1], sizes[1:]):
        key, part = jax.random.split(key)
        bound = (6.0 / (inputs + outputs)) ** 0.5
        w = jax.random.uniform(part, (inputs, outputs), minval=-bound, maxval=bound)
        params.append((w, jnp.zeros(outputs)))
    return params


def scores(params, x, activation):
    (w, b), (v, c) = params
    return activation(x @ w + b) @ v + c


def binary(z, y):
    return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))).mean()


def softmax(z, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()


def epoch(loss, rows, batch, rate):
    """An epoch of Adam over shuffled batches; the last one may be shorter."""
    whole = rows // batch * batch
    gradient = jax.grad(lambda params, x, y: loss(scores(params, x, jax.nn.relu), y))

    def step(state, x, y):
        params, m, v, t = state
        t, g = t + 1, gradient(params, x, y)
        m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        one, two = 1 - 0.9 ** t.astype(float), 1 - 0.999 ** t.astype(float)
        change = lambda w, a, b: w - rate * (a / one) / (jnp.sqrt(b / two) + 1e-8)
        return jax.tree.map(change, params, m, v), m, v, t

    @jax.jit
    def run(state, key, x, y):
        order = jax.random.permutation(key, rows)
        batches = order[:whole].reshape(-1, batch)
        state, _ = jax.lax.scan(lambda state, rows: (step(state, x[rows], y[rows]), None), state, batches)
        return state if whole == rows else step(state, x[order[whole:]], y[order[whole:]])

    return run


def train(task, data, sizes, loss, batch, epochs, rate, scale=1.0):
    x, y = jnp.array(load(f"{data}_train_x", np.float32)), load(f"{data}_train_y")
    y = jnp.array(y, jnp.float32)[:, None] if sizes[-1] == 1 else jnp.array(y, jnp.int32)
    run = epoch(loss, len(x), batch, rate)

    def fit(seed):
        key, part = jax.random.split(jax.random.PRNGKey(seed))
        params = start(part, sizes)
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = (params, zeros, zeros, jnp.int32(0))
        for _ in range(epochs):
            key, part = jax.random.split(key)
            state = run(state, part, x, y)
        jax.block_until_ready(state)
        return state[0]

    time, params = seconds(fit)
    z = np.asarray(scores(params, jnp.array(load(f"{data}_test_x", np.float32)), jax.nn.relu))
    found = z[:, 0] > 0 if sizes[-1] == 1 else z.argmax(axis=1)
    emit(NAME, task, time * scale, accuracy=float((found == load(f"{data}_test_y")).mean()))


def predict_network():
    params = start(jax.random.PRNGKey(0), (784, 100, 10))
    predict = jax.jit(lambda x: jax.nn.softmax(scores(params, x, jax.nn.relu)))
    rows = np.concatenate([load("digits_train_x"), load("digits_test_x")])
    x, one = jnp.array(rows), rows[:1].copy()
    emit(NAME, "T6 network, 10,000 rows", seconds(lambda seed: predict(x).block_until_ready(), SHORT)[0])
    emit(NAME, "T6 network, one row", seconds(lambda seed: predict(one).block_until_ready(), SHORT)[0])


def predict_logistic():
    x, w = jnp.array(load("redundant_x", np.float32)), 0.1 * jnp.ones(50)
    predict = jax.jit(lambda x: jax.nn.sigmoid(x @ w + 0.1))
    emit(NAME, "T6 logistic, 200,000 rows", seconds(lambda seed: predict(x).block_until_ready(), SHORT)[0])


def descend():
    x, y = jnp.array(load("blobs_x", np.float32)), jnp.array(load("blobs_y"), jnp.float32)[:, None]
    error = lambda params: ((jax.nn.sigmoid(scores(params, x, jax.nn.sigmoid)) - y) ** 2).mean()
    step = lambda params, _: (jax.tree.map(lambda w, g: w - 0.5 * g, params, jax.grad(error)(params)), None)
    run = jax.jit(lambda params: jax.lax.scan(step, params, None, length=3000)[0])
    fit = lambda seed: jax.block_until_ready(run(start(jax.random.PRNGKey(seed), (2, 2, 1))))
    time, params = seconds(fit, SHORT)
    emit(NAME, "T7", time, error=float(error(params)))


TASKS = {
    "T1": lambda: train("T1", "plane", (2, 3, 1), binary, 15, 50, 0.0009, scale=20.0),
    "T2": lambda: train("T2", "digits", (784, 100, 10), softmax, 200, 20, 1e-3),
    "T2b": lambda: train("T2b", "digits", (784, 100, 10), softmax, 32, 5, 1e-3),
    "T6net": predict_network,
    "T6": predict_logistic,
    "T7": descend,
}
for name in sys.argv[1:]:
    if name in TASKS:
        TASKS[name]()
