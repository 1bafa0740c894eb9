"""Complex numbers over any domain: pairs of two of its elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Complex:
    """A complex number: real and imaginary part, elements of one domain."""

    re: Any
    im: Any
