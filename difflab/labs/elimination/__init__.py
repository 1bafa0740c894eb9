"""Elimination orders: cheaper exact Jacobians, played with, counted and run as JAX."""

from difflab.labs.elimination.cost import Baseline, Counts
from difflab.labs.elimination.execute import jacobian
from difflab.labs.elimination.game import Elimination, EliminationFrame, Move, eliminate, eliminate_call, game

__all__ = [
    "Baseline",
    "Counts",
    "Elimination",
    "EliminationFrame",
    "Move",
    "eliminate",
    "eliminate_call",
    "game",
    "jacobian",
]
