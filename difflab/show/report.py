"""The main job without a browser: one function, four labs, as text and as one self-contained page."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab import zoo
from difflab.show.lab import Failure, Lab, lab
from difflab.show.render import html, title


@dataclass(frozen=True)
class Target:
    """A function, a point, and how the point was found."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    note: str = ""


def run(target: str, at: str | None = None, output: str = "difflab-report.html") -> int:
    """Print what the four labs say of `target` and write the page to `output`; returns a shell's exit code.

    `target` is the name of a zoo problem or `module:name`; `at` a Python expression for the arguments, with `np`,
    `jnp`, `jax` and the module's own names in scope. Without `at`, a function's defaults are used, then a guess, which
    is said.
    """
    try:
        found = resolve(target, at)
        made = lab(found.function, *found.arguments)
    except Exception as error:
        print(f"difflab: {error}", file=sys.stderr)
        return 2
    if found.note:
        print(found.note)
    print(f"{title(made.graph)}\n\n{made}\n\n{conclusion(made)}")
    html(made, output, {"Text": str(made)})
    print(f"\npage: {os.path.abspath(output)}")
    return 0


def conclusion(made: Lab) -> str:
    """Verdict, explanation and best order, one line each."""
    lines = [f"graph        {made.graph.size} equations"]
    lines.append(f"verdict      {_failed(made.check) or _verdict(made)}")
    lines.append(f"explanation  {_failed(made.adjoint) or _explained(made)}")
    lines.append(f"best order   {_failed(made.elimination) or _best(made)}")
    return "\n".join(lines)


def resolve(target: str, at: str | None) -> Target:
    """The function and the point that `target` names. Raises ValueError with what to do where it names none."""
    if ":" not in target:
        problem = zoo.load(target)
        return Target(problem.function, _evaluate(at, {}) if at else problem.arguments())
    module_name, _, name = target.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ValueError(
            f"module {module_name!r} cannot be imported ({error}); run from the folder it is in"
        ) from error
    finally:
        sys.path.pop(0)
    found = getattr(module, name, None)
    if isinstance(found, zoo.Problem):
        return Target(found.function, _evaluate(at, vars(module)) if at else found.arguments())
    if not callable(found):
        functions = sorted(k for k, v in vars(module).items() if callable(v) and not k.startswith("_"))
        raise ValueError(f"{module_name} has no function {name!r}; it has {', '.join(functions) or 'none'}")
    if at is not None:
        return Target(found, _evaluate(at, vars(module)))
    return _guess(found)


def _evaluate(at: str, names: dict[str, Any]) -> tuple[Any, ...]:
    try:
        return tuple(eval(f"({at},)" if at.strip() else "()", {"np": np, "jnp": jnp, "jax": jax, **names}))
    except Exception as error:
        raise ValueError(
            f"the point {at!r} is no list of Python expressions ({error}); write it like '1.0, jnp.ones(3)'"
        ) from error


def _guess(function: Callable[..., Any]) -> Target:
    """Arguments for a function that came without a point: none if it needs none, else shapes that it accepts."""
    parameters = inspect.signature(function).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not needed:
        return Target(function, ())
    for shape in ((), (3,), (3, 3)):
        numbers = np.random.default_rng(0).uniform(0.5, 1.5, (len(needed), *shape)).astype(np.float32).round(2)
        point = tuple(numbers)
        try:
            jax.eval_shape(function, *point)
        except Exception:
            continue
        shown = ", ".join(f"{p.name}: f32[{','.join(map(str, shape))}]" for p in needed)
        return Target(
            function,
            point,
            f"no point was given: seeded random numbers were taken for {shown}; give your own with --at\n",
        )
    words = ", ".join(p.name for p in needed)
    raise ValueError(f"{function.__name__} needs arguments ({words}); say at which point, like --at '1.0, jnp.ones(3)'")


def _failed(part: Any) -> str:
    return str(part) if isinstance(part, Failure) else ""


def _verdict(made: Lab) -> str:
    report: Any = made.check
    return report.summary


def _explained(made: Lab) -> str:
    trace: Any = made.adjoint
    return str(trace.explanation)


def _best(made: Lab) -> str:
    elimination: Any = made.elimination
    best = elimination.best
    found = next(b for b in elimination.baselines() if b.name == best)
    return f"{best}, {found.cost} multiplications"
