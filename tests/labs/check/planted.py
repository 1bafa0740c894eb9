"""All planted errors: what is wrong in formulas, and what hides."""

from tests.labs.check import planted_formulas as planted_formulas
from tests.labs.check.planted_places import slope_of_sin, wrong_sin
from tests.labs.check.planting import PLANTED, A, B, Planted, R, V, W, forward, reverse

__all__ = ["PLANTED", "A", "B", "Planted", "R", "V", "W", "forward", "reverse", "slope_of_sin", "wrong_sin"]
