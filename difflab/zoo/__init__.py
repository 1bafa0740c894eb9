"""Named problems with known facts: benchmarks of automatic differentiation, models, pathologies."""

from .catalogue import UnknownProblemError, load, names, problems
from .problem import TAGS, Problem

__all__ = ["TAGS", "Problem", "UnknownProblemError", "load", "names", "problems"]
