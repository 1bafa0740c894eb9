"""The step-through adjoint inspector: both sweeps of a gradient, equation by equation, and why it is what it is."""

from .adjoint import AdjointTrace, Argument
from .explain import Explanation
from .frames import AdjointFrame, Input
from .inspect import explain, inspect, inspect_call

__all__ = ["AdjointFrame", "AdjointTrace", "Argument", "Explanation", "Input", "explain", "inspect", "inspect_call"]
