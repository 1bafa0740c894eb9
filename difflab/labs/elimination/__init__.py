"""Elimination orders: cheaper exact Jacobians, searched for, proved, played with, counted and run as JAX."""

from difflab.labs.elimination.cost import Baseline, Counts
from difflab.labs.elimination.execution.execute import jacobian
from difflab.labs.elimination.game import Elimination, EliminationFrame, Move, eliminate, eliminate_call, game
from difflab.labs.elimination.outcome import Search
from difflab.labs.elimination.proof.bounds import Bound
from difflab.labs.elimination.puzzles import PUZZLES, Puzzle, challenge
from difflab.labs.elimination.search.batched import batched_costs
from difflab.labs.elimination.search.methods import register_method
from difflab.labs.elimination.search.search import Event

__all__ = [
    "PUZZLES",
    "Baseline",
    "Bound",
    "Counts",
    "Elimination",
    "EliminationFrame",
    "Event",
    "Move",
    "Puzzle",
    "Search",
    "batched_costs",
    "challenge",
    "eliminate",
    "eliminate_call",
    "game",
    "jacobian",
    "register_method",
]
