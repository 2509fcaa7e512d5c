"""Reads the arrays that the comparisons with other systems share."""

import numpy as np


def load(path, dtype=None):
    """An array in row-major order, from a file in column-major order. It is filled column by column, so that
    there is no second copy."""
    mapped = np.load(path, mmap_mode="r")
    if mapped.ndim == 1:
        return np.array(mapped)
    kind, shape, start = mapped.dtype, mapped.shape, mapped.offset
    del mapped
    x = np.empty(shape, dtype or kind)
    with open(path, "rb") as file:
        file.seek(start)
        for column in range(shape[1]):
            x[:, column] = np.fromfile(file, kind, shape[0])
    return x
