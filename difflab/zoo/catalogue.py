"""Find a problem by name.

The table of names is all that an import costs: the module of a problem is imported when the problem is first loaded,
and its arrays are made when its arguments are asked for.
"""

import difflib
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from .problem import Problem

_MODULES = {
    "benchmark_arrays": ("alphagrad_encoder", "alphagrad_perceptron", "alphagrad_roe_flux_3d"),
    "benchmarks": (
        "alphagrad_black_scholes",
        "alphagrad_heart_dipole",
        "alphagrad_propane",
        "alphagrad_robot_arm",
        "alphagrad_roe_flux_1d",
    ),
    "dynamics": ("brusselator", "burgers_step", "lorenz_rk4", "pendulum_while"),
    "equations": ("human_heart_dipole", "propane_combustion"),
    "finance": ("black_scholes", "black_scholes_greeks"),
    "gasdynamics": ("roe_flux_1d", "roe_flux_3d"),
    "kinks": ("argmax_cut", "dead_relu", "norm_at_zero", "norm_squared_at_zero", "stopped_square", "straight_through"),
    "mechanics": ("kepler", "robot_arm_6dof"),
    "networks": ("mlp", "transformer_block"),
    "nonfinite": (
        "double_where_sqrt",
        "exploding_scan",
        "log_softmax_overflow",
        "masked_sinc",
        "power_of_negative",
        "where_sqrt",
    ),
    "optimisation": ("gaussian_process", "linear_solve", "rosenbrock"),
    "random_programs": ("alphagrad_f", "alphagrad_g"),
    "wrong_rules": ("wrong_factor", "wrong_sign"),
}


class UnknownProblemError(KeyError):
    """No problem has this name."""

    def __str__(self) -> str:
        """Return the message as it is; KeyError would print it in quotes."""
        return str(self.args[0])


def names() -> tuple[str, ...]:
    """Return the names of all problems, sorted; imports none of them."""
    return tuple(sorted(name for members in _MODULES.values() for name in members))


def load(name: str) -> Problem:
    """Return the problem of this name; raise `UnknownProblemError` with the closest names if there is none."""
    for module, members in _MODULES.items():
        if name in members:
            return _members(module)[name]
    raise UnknownProblemError(_not_found(name))


def problems() -> Iterator[Problem]:
    """Iterate over all problems in the order of their names."""
    return map(load, names())


@cache
def _members(module: str) -> dict[str, Problem]:
    # Imported here for its cost, not to dodge a cycle: no module of problems imports the catalogue.
    return {problem.name: problem for problem in import_module(f"{__package__}.{module}").PROBLEMS}


def _not_found(name: str) -> str:
    text = str(name)
    slug = text.strip().lower().replace("-", "_").replace(" ", "_")
    close = difflib.get_close_matches(slug, names(), n=3, cutoff=0.5)
    close += [known for known in names() if slug and slug in known and known not in close]
    advice = f"did you mean {' or '.join(map(repr, close[:4]))}?" if close else f"the names are {', '.join(names())}"
    return f"no problem is named {text!r} in difflab.zoo: {advice} (`difflab.zoo.names()` lists all {len(names())})"
