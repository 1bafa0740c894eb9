"""Write down what a search found and what a bound proves, as a certificate that `certificate` can check alone."""

from __future__ import annotations

import json

from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.proof.bounds import Bound
from difflab.labs.elimination.proof.flows import require
from difflab.labs.elimination.search.found import Found

VERSION = 1
"""Of the file's layout."""


def write(problem: Problem, found: Found, bound: Bound) -> str:
    """A certificate as JSON text: graph, order, cost, blocks and bound; nothing is checked here.

    Raises ValueError for another model than `all_edges`.

    Example:
        >>> from difflab.core.linear import plain
        >>> from difflab.labs.elimination.proof.bounds import bound
        >>> from difflab.labs.elimination.proof.certificate import check
        >>> from difflab.labs.elimination.counting.models import problem
        >>> chain = problem(plain([("x", "y"), ("y", "z")], ["x"], ["z"]), "all_edges")
        >>> check(write(chain, Found((1,), 1, "forward", 0.0), bound(chain))).optimal
        True
    """
    require(problem)
    entries = {
        "what": "difflab elimination certificate",
        "version": VERSION,
        "name": problem.name,
        "model": problem.model,
        "fingerprint": problem.fingerprint,
        "sizes": list(problem.sizes),
        "inputs": list(problem.inputs),
        "outputs": list(problem.outputs),
        "edges": [list(edge) for edge in sorted(problem.edges)],
        "order": [int(vertex) for vertex in found.order],
        "cost": _whole(found.cost),
        "bound": _whole(bound.value),
        "blocks": [[int(vertex) for vertex in block] for block in bound.blocks],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _whole(value: float | int) -> float | int:
    return int(value) if value == int(value) else value
