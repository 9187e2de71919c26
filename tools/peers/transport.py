"""Minibatch optimal transport (Tong et al., TMLR 2024): pairs x0 and x1 within some rows by SciPy's exact assignment.

SciPy's assignment holds Python's lock: processes make it, one for each core, as the workers of a DataLoader would.
"""
import multiprocessing
import os

import numpy as np

import protocol

try:
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist
except (ImportError, OSError) as error:
    protocol.cannot_run(f"scipy does not import: {error}")


def assignment(points):
    """For x0 [n, 2] and x1 [n, 2], the row of x1 that each row of x0 is paired with: the sum of squared distances is least."""
    return linear_sum_assignment(cdist(*points, "sqeuclidean"))[1]


class Transport:
    def __init__(self, p0, p1, rows, seed):
        """`rows` are paired at a time; p0 and p1 [N, 2] are the data."""
        self.p0, self.p1, self.rows = p0, p1, rows
        self.random = np.random.default_rng(seed)
        self.workers = multiprocessing.get_context("fork").Pool(os.cpu_count())

    def paired(self, blocks):
        """x0 and x1 of each block, paired; the workers are ahead of the caller."""
        orders = self.workers.imap(assignment, blocks)
        return ((x0, x1[order]) for (x0, x1), order in zip(blocks, orders))

    def drawn(self, count):
        """`count` rows drawn from the data with replacement, in blocks."""
        shape = -(-count // self.rows), self.rows
        blocks = list(zip(*(p[self.random.integers(len(p), size=shape)] for p in (self.p0, self.p1))))
        for first, (x0, x1) in zip(range(0, count, self.rows), self.paired(blocks)):
            yield x0[:count - first], x1[:count - first]

    def data(self):
        """p1 so ordered that row i is paired with row i of p0."""
        blocks = [(self.p0[i:i + self.rows], self.p1[i:i + self.rows]) for i in range(0, len(self.p0), self.rows)]
        return np.concatenate([x1 for _, x1 in self.paired(blocks)])
