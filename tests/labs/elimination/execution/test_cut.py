"""The narrowest interface, against all subsets on small graphs."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.core.linear import plain
from difflab.labs.elimination.execution.cut import minimum_cut


def separates(edges, cut, inputs, outputs) -> bool:
    reached = [v for v in inputs if v not in cut]
    for v in reached:
        reached += [b for a, b in edges if a == v and b not in cut and b not in reached]
    return not set(reached) & set(outputs)


@given(st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda e: e[0] < e[1] and e[1] > 1), min_size=1))
@settings(max_examples=80, deadline=None)
def test_no_smaller_set_separates_inputs_from_outputs(edges):
    inputs = [0, 1]
    outputs = [v for v in {b for _, b in edges} if v not in {a for a, _ in edges}]
    graph = plain(edges, inputs, outputs)
    found = minimum_cut(graph)
    alive = range(len(graph.vertices))
    ends = [v for v in graph.outputs if v is not None]
    sizes = (k for k in range(len(graph.vertices) + 1))
    fewest = next(
        k for k in sizes if any(separates(graph.edges, set(c), graph.inputs, ends) for c in combinations(alive, k))
    )
    assert sorted(found.order) == sorted(graph.intermediates)
    if found.vertices:
        assert found.width == len(found.vertices) == fewest
        assert separates(graph.edges, set(found.vertices), graph.inputs, ends)
    assert fewest <= min(len(graph.inputs), max(len(ends), 1))


def test_an_hourglass_is_cut_at_its_waist():
    edges = [("a", "m"), ("b", "m"), ("c", "m"), ("m", "w"), ("w", "n"), ("n", "x"), ("n", "y")]
    graph = plain(edges, ["a", "b", "c"], ["x", "y"])
    found = minimum_cut(graph)
    assert found.width == 1
    assert len(found.order) == 3
