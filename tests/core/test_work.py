"""The multiplications of one evaluation, against figures worked out by hand."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.capture import graph
from difflab.core.work import of_graph

X = np.ones(8, np.float32)
A = np.ones((8, 8), np.float32)

WORK = [
    (lambda x: jnp.sin(x), (X,), 8),
    (lambda a, x: a @ x, (A, X), 64),
    (lambda a: a @ a, (A,), 512),
    (lambda x: lax.scan(lambda c, a: (c * a, None), np.float32(1), x)[0], (X,), 8),
    (lambda x: lax.conv_general_dilated(x[None, None], x[None, None, :3], (1,), "SAME"), (X,), 8 * 3 + 8 + 3 + 3),
    (lambda x: jnp.fft.fft(x), (X.astype(np.complex64),), 8 * 3),
]


@pytest.mark.parametrize(("f", "args", "expected"), WORK)
def test_work_is_counted(f, args: tuple, expected: int):
    assert of_graph(graph(f, *args)) == expected
