"""When a logistic regression of scikit-learn counts as solved: its objective, and the tolerances to try."""

import numpy as np

TOLERANCES = (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
SOLVED = 1e-9


def objective(model, x, y, c=1.0, weights=None):
    """The sum of weighted losses plus the penalty of inverse strength c; there is none if c is None."""
    scores = model.decision_function(x)
    if scores.ndim == 1:
        losses = np.logaddexp(0.0, np.where(y == 1, -scores, scores))
    else:
        most = scores.max(axis=1)
        losses = most + np.log(np.exp(scores - most[:, None]).sum(axis=1)) - scores[np.arange(len(y)), y]
    sum_of_losses = losses.sum() if weights is None else weights @ losses
    return float(sum_of_losses + (0.0 if c is None else 0.5 / c * (model.coef_**2).sum()))


def gap(found, best):
    """The relative distance of an objective from the optimum."""
    return (found - best) / best
