"""A wrong rule is wrong in the stated entry, by the stated factor, and nowhere else."""

import numpy as np


def test_the_fact_holds(verify):
    verify()


def wrong_entry(problem, fact, measure):
    row, column, ratio = fact[1]
    claimed, truth = measure.jacobian(problem), problem.jacobian(*problem.arguments()).copy()
    assert not np.allclose(claimed, truth)
    truth[row, column] *= ratio
    measure.close(claimed, truth)


CHECKS = {
    "wrong_entry": wrong_entry,
}
