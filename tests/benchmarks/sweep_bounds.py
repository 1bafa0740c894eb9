"""Bounds, safe eliminations and exact search against brute force on tens of thousands of small random graphs.

Run `python -m tests.benchmarks.sweep_bounds [graphs]`; it prints a table and stops at the first contradiction.
"""

import random
import sys
from collections import Counter

from difflab.labs.elimination.counting.problem import Problem
from difflab.labs.elimination.proof.blocks import Blocks
from difflab.labs.elimination.proof.bounds import bound
from difflab.labs.elimination.proof.exact import exact
from difflab.labs.elimination.proof.reduce import reduce
from tests.labs.elimination.random_graphs import anything, least, program, sized


def one(graph: Problem, draw: random.Random) -> Counter[str]:
    """Try everything on one graph; what was tight."""
    cheapest = least(graph)
    paths = bound(graph).value
    members = draw.sample(graph.intermediates, len(graph.intermediates))
    cut = len(members) // 2
    halves = Blocks(graph, [part for part in (members[:cut], members[cut:]) if part], graph.intermediates, 0).total
    reduced = reduce(graph)
    found = exact(graph)
    assert paths <= halves <= cheapest, graph.edges
    assert found.optimal and found.cost == cheapest, graph.edges
    assert reduced.cost <= cheapest, graph.edges
    return Counter(
        graphs=1, paths=paths == cheapest, halves=halves == cheapest, vanished=not reduced.components,
        steps=len(reduced.steps), vertices=len(graph.intermediates),
    )  # fmt: skip


def main(graphs: int = 30_000) -> None:
    """Print, by kind of graph, how often each bound is tight and how much the safe eliminations take away."""
    draw = random.Random(0)
    kinds = {
        "any": lambda: anything(draw, 5),
        "any, with sizes": lambda: sized(draw, anything(draw, 5)),
        "programs": lambda: program(draw, draw.randint(1, 6), draw.choice([3, 5, 100])),
        "programs, with sizes": lambda: sized(draw, program(draw, draw.randint(1, 6), draw.choice([3, 5, 100]))),
    }
    print("| graphs | number | paths tight | two blocks tight | vanish | safe vertices |\n|---|---|---|---|---|---|")
    for name, make in kinds.items():
        n = Counter[str]()
        for _ in range(graphs // len(kinds)):
            n.update(one(make(), draw))
        shares = [n["paths"] / n["graphs"], n["halves"] / n["graphs"], n["vanished"] / n["graphs"]]
        shares.append(n["steps"] / n["vertices"])
        print(f"| {name} | {n['graphs']} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
