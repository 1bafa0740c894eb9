"""How many bits an entry takes, and how many of them are precision, from the name of its dtype."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import prod

from difflab.core.graph import Vertex

_KEY_BYTES = {"fry": 8, "rbg": 16, "unsafe_rbg": 16}


@cache
def bits(dtype: str) -> int:
    """Bits of one entry: 32 for `float32`, 64 for `complex64`, 8 for `bool` and `float8_e4m3fn`, 0 for a token.

    >>> bits("bfloat16"), bits("complex64"), bits("float8_e5m2"), bits("int4"), bits("key<fry>")
    (16, 64, 8, 4, 64)
    """
    if dtype == "bool":
        return 8
    if dtype.startswith("key<"):
        return 8 * _KEY_BYTES.get(dtype[4:-1], 8)
    found = re.match(r"(?:b?float|complex|u?int)(\d+)", dtype)
    return int(found[1]) if found and dtype != "float0" else 0


@cache
def width(dtype: str) -> int:
    """Bytes of one entry in memory, at least one for anything that is stored."""
    return -(-bits(dtype) // 8)


@lru_cache(maxsize=65_536)
def storage(shape: tuple[int, ...], dtype: str) -> int:
    """Bytes of an array."""
    return prod(shape) * width(dtype)


def size_in_bytes(vertex: Vertex) -> int:
    """Bytes of a whole value."""
    return storage(vertex.shape, vertex.dtype)
