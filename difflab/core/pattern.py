"""Which entries of a block can be other than zero, as a sparse boolean matrix.

The pattern of a Kronecker product of factors is the product of their patterns; numbers play no part. It is what column
and row colouring work on (Curtis, Powell & Reid, "On the estimation of sparse Jacobian matrices", 1974).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

# (scipy is not typed.)

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from difflab.core.factors import factors, fuse
from difflab.core.structure import Structure, flat


def pattern(block: Structure) -> Any:
    """The structural non-zeros as a `scipy.sparse.csr_array` of booleans, of shape (output size, input size).

    Costs time and memory in proportion to the number of non-zeros. A block with scale 0 has none.

    >>> from difflab.core.structure import identity
    >>> pattern(identity((3,))).toarray().astype(int).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    sparse = importlib.import_module("scipy.sparse")
    outs, inps = flat(block.out), flat(block.inp)
    _, relation = fuse(factors(block), outs, inps, dict(enumerate(block.sizes)))
    kept = slice(0 if block.carried is None and block.scale == 0 else None)
    rows, cols = relation.rows[kept], relation.cols[kept]
    data = np.ones(len(rows), bool)
    return sparse.csr_array((data, (rows, cols)), shape=(relation.height, relation.width))
