"""Random linearised graphs, as programs of binary operations make them, and the least cost by brute force."""

import random
from itertools import permutations

from difflab.core.linear import plain
from difflab.labs.elimination.counting.models import AllEdges, problem
from difflab.labs.elimination.counting.problem import Problem, Table


def program(draw: random.Random, intermediates: int, window: int = 1000) -> Problem:
    """A program of binary operations with so many intermediates; operands are among the last `window` values."""
    inputs = draw.randint(1, max(2, intermediates // 4))
    edges: list[tuple[int, int]] = []
    read: set[int] = set()
    count = inputs
    while len(read) < intermediates:
        values = range(max(0, count - window), count)
        operands = draw.sample(values, min(2, len(values)))
        now = read.union(u for u in operands if u >= inputs)
        if len(now) <= intermediates:
            edges += [(u, count) for u in operands]
            read, count = now, count + 1
    unread = set(range(inputs, count)) - read
    also = draw.sample(sorted(read), min(len(read), draw.choice([0, 0, 1, 2])))
    return problem(plain(edges, range(inputs), sorted(unread.union(also))), "all_edges")


def anything(draw: random.Random, most: int) -> Problem:
    """Any small graph: up to `most` intermediates, edges with any probability."""
    while True:
        inputs, middle, outputs = draw.randint(1, 3), draw.randint(1, most), draw.randint(1, 3)
        count = inputs + middle + outputs
        density = draw.uniform(0.15, 0.9)
        edges = [
            (u, v) for v in range(inputs, count) for u in range(min(v, inputs + middle)) if draw.random() < density
        ]
        found = problem(plain(edges, range(inputs), range(inputs + middle, count)), "all_edges")
        if found.intermediates:
            return found


def sized(draw: random.Random, graph: Problem, largest: int = 4) -> Problem:
    """The same graph with random sizes."""
    sizes = tuple(draw.randint(1, largest) for _ in range(graph.count))
    table = Table(graph.table.algebra)
    edges = {(u, v): table.number((sizes[v], sizes[u])) for u, v in graph.edges}
    return Problem(graph.name, graph.ids, sizes, graph.inputs, graph.outputs, graph.intermediates, edges, table)


def cost(graph: Problem, order: tuple[int, ...]) -> int:
    """What an order costs, counted on sets."""
    before = {v: {u for u, w in graph.edges if w == v} for v in range(graph.count)}
    after = {u: {v for w, v in graph.edges if w == u} for u in range(graph.count)}
    total = 0
    for v in order:
        ins, outs = before.pop(v), after.pop(v)
        total += graph.sizes[v] * sum(graph.sizes[p] for p in ins) * sum(graph.sizes[s] for s in outs)
        for p in ins:
            after[p] = (after[p] | outs) - {v}
        for s in outs:
            before[s] = (before[s] | ins) - {v}
    return total


def least(graph: Problem) -> int:
    """The least cost of any order; all of them are tried."""
    return min(cost(graph, order) for order in permutations(graph.intermediates))


def dag(seed: int, count: int, sizes: tuple[int, ...] = (1,)) -> Problem:
    """Three inputs, then vertices with one to three earlier neighbours; what is not read is an output."""
    chance = random.Random(seed)
    n, table = count + 3, Table(AllEdges())
    sized = [chance.choice(sizes) for _ in range(n)]
    edges = {}
    for v in range(3, n):
        for u in {chance.randrange(v) for _ in range(chance.randint(1, 3))}:
            edges[u, v] = table.number((sized[v], sized[u]))
    read = {u for u, _ in edges}
    inner = tuple(v for v in range(3, n) if v in read)
    outputs = tuple(v for v in range(3, n) if v not in read)
    return Problem("dag", tuple(map(str, range(n))), tuple(sized), (0, 1, 2), outputs, inner, edges, table)
