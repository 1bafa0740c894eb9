"""A structured block read off entry by entry: where its numbers stand, and the numbers, in the same order."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from functools import lru_cache

import jax.numpy as jnp

from difflab.core.contraction import Block, Values, materialised
from difflab.core.factors import factors, fuse
from difflab.core.relation import Relation
from difflab.core.structure import Structure, flat


@lru_cache(maxsize=1 << 10)
def places(block: Structure) -> tuple[tuple[int, ...], Relation]:
    """The labels that number the entries of a block, and the row and column of each; no place stands twice."""
    return fuse(factors(block), flat(block.out), flat(block.inp), dict(enumerate(block.sizes)))


def entries(block: Block, dtype: str) -> tuple[Relation, Values]:
    """Rows and columns of a block's entries, and their values; all others are zero. Nothing dense is made.

    The order is that of `places`; an opaque block is made dense first.
    """
    block = materialised(block)
    group, relation = places(block.structure)
    if block.array is None:
        return relation, jnp.full(len(relation), block.structure.scale, dtype)
    carried = [n for n in group if n in (block.structure.carried or ())]
    value = jnp.transpose(block.array, [(block.structure.carried or ()).index(n) for n in carried])
    value = value.reshape([block.structure.sizes[n] if n in carried else 1 for n in group])
    full = jnp.broadcast_to(value, [block.structure.sizes[n] for n in group])
    return relation, full.reshape(-1)
