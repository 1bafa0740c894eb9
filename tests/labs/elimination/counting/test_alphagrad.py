"""AlphaGrad's counts, each one; its tables, entry by entry; and orders as it writes them.

The counts are from the paper and its public program. Where a rule is tried, the tables that it must give are written
out here entry by entry, as the program has them.
"""

import random
from collections import Counter

import jax
import jax.numpy as jnp
import pytest

from difflab import zoo
from difflab.core.capture import graph
from difflab.core.errors import UnsupportedError
from difflab.core.linear import linearise, plain
from difflab.labs.elimination.counting import alphagrad
from difflab.labs.elimination.counting.alphagrad import NUMBERS, AlphaGrad, Partial, published, read_order, task
from difflab.labs.elimination.counting.problem import costs, total
from difflab.labs.elimination.counting.sparsity import extents, product_type, sum_type

KINDS = tuple(range(-10, 12))

PRODUCTS = """
 10  -8  -9  -6  -7  -3  -2  -5  -4 -10   0   1   4   5   2   3   7   6   9   8 -10   1
  8   6   7   8  -9   3  -2  -5   4  -9   0   1   5   4   3   2   7   6  -9   6  -9   1
  9  -9  -8   9  -8   5  -4  -3   2  -8   0   1   2   3   4   5   6   7   6   7  -8   1
 10  -8  -9  -6  -7  -3  -2  -5  -4  -7   0   1   4   5   2   3   7   6   9   8 -10   1
-10  -9  -8  -7  -6  -5  -4  -3  -2  -6   0   1   2   3   4   5   6   7   8   9  10   1
 -2   2  -5  -2  -5   1  -2  -5   1  -5   0   1   1   5   2   1   5   2   5  -2  -5   1
 -3  -3   4  -3  -4  -3   1   1  -4  -4   0   1   4   1   1   3   4   3  -4   3  -4   1
 -4   4  -3  -4  -3   1  -4  -3   1  -3   0   1   1   3   4   1   3   4   3  -4  -3   1
 -5  -5   2  -5  -2  -5   1   1  -2  -2   0   1   2   1   1   5   2   5  -2   5  -2   1
-10  -9  -8  -7  -6  -5  -4  -3  -2  -1   0   1   2   3   4   5   6   7   8   9  10  11
  0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0   0
  1   1   1   1   1   1   1   1   1   1   0   1   1   1   1   1   1   1   1   1   1   1
  5   5   2   5   2   5   4   1   2   2   0   1   2   1   1   5   2   5   2   5   2   1
  4   4   3   4   3   1   1   3   1   3   0   1   1   3   4   1   3   4   3   4   3   1
  3   3   4   3   4   3   1   1   4   4   0   1   4   1   1   3   4   3   4   3   4   1
  2   2   5   2   5   1   2   5   1   5   0   1   1   5   2   1   5   2   5   2   5   1
  7   7   6   7   6   5   4   3   2   6   0   1   2   3   4   5   6   7   6   7   6   1
  6   6   7   6   7   3   2   5   4   7   0   1   4   5   2   3   7   6   7   6   7   1
 -9   7   6  -9   8  -5  -4   3  -2   8   0   1   2   3   4   5   6   7   8   9   8   1
 -8  -9   9  -8   9  -3   2   5  -4   9   0   1   5   4   3   2   7   6   7   6   9   1
-10  -9  -8  -7  -6  -5  -4  -3  -2  10   0   1   2   3   4   5   6   7   8   9  10   1
  1   1   1   1   1   1   1   1   1  11   0   1   1   1   1   1   1   1   1   1   1  11
"""

SUMS = """
-10   7   1   7   1   5   4   1   1 -10 -10   1   1   1   4   5   1   7   1   7   1   1
  7  -9   1  -9   1  -5   4   1   1  -9  -9   1   1   1   4   5   1   7   1   7   1   1
  1   1  -8   1  -8   1   1  -3   2  -8  -8   1   2   3   1   1   6   1   6   1   6   1
  7  -9   1  -7   1  -5  -4   1   1  -7  -7   1   1   1   4   5   1   7   1   9   1   1
  1   1  -8   1  -6   1   1  -3  -2  -6  -6   1   2   3   1   1   6   1   8   1   6   1
  5  -5   1  -5   1  -5   1   1   1  -5  -5   1   1   1   1   5   1   5   1   5   1   1
  4   4   1  -4   1   1  -4   1   1  -4  -4   1   1   1   4   1   1   4   1  -4   1   1
  1   1  -3   1  -3   1   1  -3   1  -3  -3   1   1   3   1   1   3   1   3   1   3   1
  1   1   2   1  -2   1   1   1  -2  -2  -2   1   2   1   1   1   2   1  -2   1   2   1
-10  -9  -8  -7  -6  -5  -4  -3  -2  -1  -1   1   2   3   4   5   6   7   8   9  10  11
-10  -9  -8  -7  -6  -5  -4  -3  -2  -1   0   1   2   3   4   5   6   7   8   9  10  11
  1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1   1
  1   1   2   1   2   1   1   1   2   2   2   1   2   1   1   1   2   1   2   1   2   1
  1   1   3   1   3   1   1   3   1   3   3   1   1   3   1   1   3   1   3   1   3   1
  4   4   1   4   1   1   4   1   1   4   4   1   1   1   4   1   1   4   1   4   1   1
  5   5   1   5   1   5   1   1   1   5   5   1   1   1   1   5   1   5   1   5   1   1
  1   1   6   1   6   1   1   3   2   6   6   1   2   3   1   1   6   1   6   1   6   1
  7   7   1   7   1   5   4   1   1   7   7   1   1   1   4   5   1   7   1   7   1   1
  1   1   6   1   8   1   1   3  -2   8   8   1   2   3   1   1   6   1   8   1   1   1
  7   7   1   9   1   5  -4   1   1   9   9   1   1   1   4   5   1   7   1   9   1   1
  1   1   6   1  10   1   1   3   2  10  10   1   2   3   1   1   6   1   6   1  10   1
  1   1   1   1   1   1   1   1   1  11  11   1   1   1   1   1   1   1   1   1   1  11
"""

AXES = """
00 03 03 00 00 11 22 21 12 00 00 33 13 23 23 13 03 03 02 02 00 00
02 03 01 00 00 13 22 21 13 00 00 33 13 23 23 13 03 03 03 02 01 00
02 03 01 00 00 23 12 11 23 00 00 33 23 13 13 23 03 03 03 02 01 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
22 23 21 00 00 33 26 25 33 00 00 37 33 27 27 33 23 23 23 22 21 00
11 01 13 00 00 19 33 33 1a 00 00 3b 1b 33 33 1b 13 13 12 03 12 00
32 13 11 00 00 33 16 15 33 00 00 37 33 17 17 33 13 33 13 12 11 00
21 21 23 00 00 29 33 33 2a 00 00 3b 2b 33 33 2b 23 23 22 23 22 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
33 33 33 00 00 3b 37 37 3b 00 00 3f 3b 37 37 3b 33 33 33 33 33 00
23 23 23 00 00 3b 33 33 2b 00 00 3b 2b 33 33 2b 23 23 23 23 23 00
13 13 13 00 00 33 17 17 33 00 00 37 33 17 17 33 13 33 13 13 13 00
13 03 13 00 00 1b 33 33 1b 00 00 3b 1b 33 33 1b 13 13 13 03 13 00
23 23 23 00 00 33 27 27 33 00 00 37 33 27 27 33 23 23 23 23 23 00
03 03 03 00 00 23 13 13 23 00 00 33 23 13 13 23 03 03 03 03 03 00
03 03 03 00 00 13 23 23 13 00 00 33 13 23 23 13 03 03 03 03 03 00
01 01 03 00 00 23 13 13 22 00 00 33 23 13 13 23 03 03 02 03 02 00
01 01 03 00 00 13 23 23 12 00 00 33 13 23 23 13 03 03 02 03 02 00
00 03 03 00 00 21 12 11 22 00 00 33 23 13 13 23 03 03 02 02 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
"""
"""Which of o1 o2 v1 v2 p1 p2 a product runs over, as the bits of a number, o1 the lowest."""

PAPER = {
    "RoeFlux_1d": (620, 364, 407, 320),
    "RobotArm_6DOF": (397, 301, 288, 231),
    "HumanHeartDipole": (240, 172, 194, 148),
    "PropaneCombustion": (151, 90, 111, 88),
    "g": (632, 566, 451, 417),
    "BlackScholes_Jacobian": (545, 572, 350, 312),
    "RoeFlux_3d": (1556, 979, 956, 811),
    "f": (17728, 9333, 12257, 6374),
    "Perceptron": (11012, 392, 4796, 397),
    "Encoder": (135956, 4688, 51896, 4632),
}
"""Forward, reverse, Markowitz, best learned order."""


def table(text: str, base: int = 10) -> dict[tuple[int, int], int]:
    rows = [[int(word, base) for word in line.split()] for line in text.strip().splitlines()]
    return {(a, b): rows[i][j] for i, a in enumerate(KINDS) for j, b in enumerate(KINDS)}


def test_types_multiply_as_in_the_published_table():
    assert {pair: product_type(*pair) for pair in table(PRODUCTS)} == table(PRODUCTS)


def test_types_add_as_in_the_published_table():
    assert {pair: sum_type(*pair) for pair in table(SUMS)} == table(SUMS)


def test_a_product_runs_over_the_axes_of_the_published_table():
    names = ("o1", "o2", "v1", "v2", "p1", "p2")
    found = {pair: sum(1 << names.index(axis) for axis in extents(*pair)) for pair in table(AXES, 16)}
    assert found == table(AXES, 16)


def test_addition_of_types_is_not_symmetric_at_two_pairs():
    pairs = {(a, b) for a in KINDS for b in KINDS if a < b and sum_type(a, b) != sum_type(b, a)}
    assert pairs == {(-6, 10), (8, 10)}


@pytest.mark.parametrize(
    ("into", "out", "axes"),
    [
        (1, 1, "o1 o2 v1 v2 p1 p2"),
        (6, 6, "o1 o2"),
        (6, 1, "o1 o2 p1 p2"),
        (1, 6, "o1 o2 p1 p2"),
        (-2, 1, "o1 o2 v2 p1 p2"),
        (10, 1, "o1 o2 p1 p2"),
        (2, 3, "o1 o2 p1 p2"),
        (3, 2, "o1 o2 p1 p2"),
        (-2, -2, "o2 v2 p2"),
        (-2, -3, "o1 o2 p1 p2"),
        (-4, -5, "o1 v2 p1"),
        (8, -8, "o1 o2"),
        (8, 8, "o2"),
        (3, 7, "o1 o2 p1 p2"),
        (2, -5, "o1 o2 v2 p1 p2"),
        (10, 10, ""),
        (-10, 10, ""),
    ],
)
def test_the_sizes_that_a_product_multiplies(into: int, out: int, axes: str):
    assert extents(into, out) == tuple(axes.split())


@pytest.mark.parametrize("free", [-1, -6, -7, 11])
def test_copies_bare_deltas_and_moves_multiply_nothing_on_either_side(free: int):
    for other in set(KINDS) - {0}:
        assert extents(free, other) == extents(other, free) == ()


def test_the_product_of_two_scaled_identities_counts_one_but_only_of_the_straight_ones():
    edge = Partial(10, 3, 4, 3, 4)
    crossed = edge._replace(kind=-10)
    algebra = AlphaGrad()
    assert algebra.multiply(edge, edge) == (edge, 1)
    assert [algebra.multiply(*pair)[1] for pair in ((edge, crossed), (crossed, edge), (crossed, crossed))] == [0, 0, 0]


def test_a_product_joins_the_outer_shapes_and_a_sum_takes_the_shape_of_what_is_added():
    out, into = Partial(1, 2, 3, 4, 5), Partial(1, 4, 5, 6, 7)
    assert AlphaGrad().multiply(out, into) == (Partial(1, 2, 3, 6, 7), 2 * 3 * 4 * 5 * 6 * 7)
    assert AlphaGrad().add(Partial(6, 2, 3, 2, 3), Partial(2, 2, 3, 2, 1)) == (Partial(2, 2, 3, 2, 1), 0)
    assert AlphaGrad().multiply(NUMBERS, NUMBERS) == (NUMBERS, 1)


@pytest.mark.parametrize("name", alphagrad.TASKS)
def test_the_papers_counts_are_reproduced(name: str):
    found = task(name)
    assert tuple(alphagrad.counts(name).values()) == PAPER[name]
    orders = published(name)
    assert {"forward", "reverse", "markowitz"} <= set(orders)
    for key, order in orders.items():
        assert total(found, read_order(order.order, found)) == order.cost, key
        assert order.cost == alphagrad.counts(name).get(key, order.cost)
        assert order.source


def test_learned_orders_are_carried_where_they_have_been_printed():
    assert published("RoeFlux_1d")["rl"].cost == 320
    assert published("RoeFlux_3d")["rl"].cost == 811
    assert published("PropaneCombustion")["rl"].cost == 88
    assert published("BlackScholes_Jacobian")["rl"].cost == 312


@pytest.mark.parametrize("name", alphagrad.SCALAR_TASKS)
def test_between_numbers_a_vertex_costs_edges_in_times_edges_out(name: str):
    found = task(name)
    arcs = {edge for edge, number in found.edges.items() if found.table.labels[number] == NUMBERS}
    copies = set(found.edges) - arcs
    assert not copies or name == "BlackScholes_Jacobian"
    order = random.Random(0).sample(found.intermediates, len(found.intermediates))
    if not copies:
        assert list(costs(found, order)) == recounted(arcs, order)


def recounted(arcs: set[tuple[int, int]], order: list[int]) -> list[int]:
    found: list[int] = []
    for v in order:
        into, out = {u for u, w in arcs if w == v}, {w for u, w in arcs if u == v}
        found.append(len(into) * len(out))
        arcs = {arc for arc in arcs if v not in arc} | {(u, w) for u in into for w in out}
    return found


def test_names_are_those_of_the_literature():
    found = task("RobotArm_6DOF")
    assert found.model == "alphagrad"
    assert set(found.ids) == {*(str(-k) for k in range(1, 7)), *(str(k) for k in range(1, 115))}
    assert [found.ids[n] for n in found.inputs] == ["-1", "-2", "-3", "-4", "-5", "-6"]
    assert [found.ids[n] for n in found.outputs] == ["85", "102", "114", "62", "66", "68"]
    assert len(alphagrad.primitives("RobotArm_6DOF")) == 114
    assert task("RobotArm_6DOF").fingerprint == found.fingerprint


def test_sixteen_is_the_phantom_that_all_dropped_results_share():
    found = task("BlackScholes_Jacobian")
    sink = found.ids.index("16")
    assert sum(v == sink for _, v in found.edges) == 11
    assert not any(u == sink for u, _ in found.edges)
    assert alphagrad.scalar_problem("BlackScholes_Jacobian", "all_edges").count == 109


@pytest.mark.parametrize(
    ("name", "forward", "reverse"),
    [
        ("RoeFlux_1d", 362, 234),
        ("RobotArm_6DOF", 227, 221),
        ("HumanHeartDipole", 48, 60),
        ("PropaneCombustion", 26, 26),
        ("g", 447, 335),
        ("BlackScholes_Jacobian", 360, 358),
    ],
)
def test_products_by_one_are_free_in_the_nontrivial_model_of_the_scalar_tasks(name: str, forward: int, reverse: int):
    found = alphagrad.scalar_problem(name)
    assert found.model == "nontrivial"
    assert total(found, found.intermediates) == forward
    assert total(found, found.intermediates[::-1]) == reverse


def test_the_honest_counts_of_black_scholes():
    found = alphagrad.scalar_problem("BlackScholes_Jacobian", "all_edges")
    assert [total(found, found.intermediates[::step]) for step in (1, -1)] == [513, 453]


def test_a_task_of_matrices_is_no_scalar_problem():
    with pytest.raises(ValueError, match="'Encoder' is no task of numbers; those are RoeFlux_1d"):
        alphagrad.scalar_problem("Encoder")


def test_an_unknown_task_is_answered_with_all_names():
    with pytest.raises(ValueError, match=r"no task named 'RoeFlux'; its tasks are RoeFlux_1d, .*Encoder"):
        task("RoeFlux")


@pytest.mark.parametrize(
    "form",
    [
        lambda order: str(list(order)),
        lambda order: "Elimination order " + str(list(order)) + "\n",
        lambda order: " ".join(map(str, order)),
        lambda order: ",\n".join(map(str, order)),
        list,
        tuple,
    ],
)
def test_an_order_is_read_as_text_or_numbers(form):
    found, best = task("RoeFlux_1d"), published("RoeFlux_1d")["rl"]
    assert total(found, read_order(form(best.order), found)) == 320


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda o: o[1:], r"lacks 8, which is intermediate; an order holds each of them once"),
        (lambda o: o[12:], r"lacks 7, 8, 13, 27, 42, 48, 66, 68 and 4 more, which are intermediate"),
        (lambda o: [*o, 200, 201], r"names 200, 201, which are not there; equations count from 1; is the order for"),
        (lambda o: [k - 1 for k in o], r"which .* not there; .*actions from 0: add 1 to each"),
        (lambda o: [*o, 20], r"names 20 again, which is gone by then"),
        (lambda o: [*o, 97], r"names 97, which is no intermediate; inputs and outputs are never eliminated: drop them"),
        (lambda o: [*o, -3], r"names -3, which is no intermediate"),
        (lambda o: "[1, 2.5]", r"holds '2.5'; it must be one list of whole numbers"),
        (lambda o: "[1, 2] [3]", r"holds 2 lists"),
        (lambda o: "", r"is empty"),
        (lambda o: [], r"lacks 1, 2, 3"),
    ],
)
def test_a_wrong_order_is_refused_with_what_is_wrong(change, message: str):
    with pytest.raises(ValueError, match=message):
        read_order(change(list(published("RoeFlux_1d")["rl"].order)), task("RoeFlux_1d"))


def test_vertices_without_any_edge_may_be_left_out_of_an_order():
    found = task("BlackScholes_Jacobian")
    order = [k for k in published("BlackScholes_Jacobian")["markowitz"].order if k < 135]
    assert len(order) == 129
    assert total(found, read_order(order, found)) == 350


def test_an_order_of_vertices_can_be_read_for_another_cost_model():
    found = alphagrad.scalar_problem("RoeFlux_1d", "all_edges")
    assert total(found, read_order(published("RoeFlux_1d")["rl"].order, found)) == 320


TRACED = {
    "RoeFlux_1d": "alphagrad_roe_flux_1d",
    "RobotArm_6DOF": "alphagrad_robot_arm",
    "HumanHeartDipole": "alphagrad_heart_dipole",
    "PropaneCombustion": "alphagrad_propane",
    "RoeFlux_3d": "alphagrad_roe_flux_3d",
    "f": "alphagrad_f",
    "Perceptron": "alphagrad_perceptron",
    "Encoder": "alphagrad_encoder",
    "g": "alphagrad_g",
}


@pytest.mark.parametrize("name", TRACED)
def test_a_captured_function_has_the_edges_of_its_task(name: str):
    """On what the Jacobian needs; the task also holds what it does not, and counts numbers of Python."""
    problem = zoo.load(TRACED[name])
    function, arguments = problem.function, problem.arguments()
    if name in ("RoeFlux_3d", "Perceptron"):
        function, arguments = jax.vmap(function, problem.in_axes), problem.sample(1, 0)
    if name in ("Perceptron", "Encoder"):
        arguments = tuple(jnp.asarray(float(one)) if one.shape == () else one for one in arguments)
    found, known = alphagrad.problem_of(graph(function, *arguments)), task(name)
    assert named(found) == {edge: one for edge, one in named(known).items() if set(edge) <= set(found.ids)}


def named(problem) -> dict[tuple[str, str], Partial]:
    return {(problem.ids[u], problem.ids[v]): problem.table.labels[number] for (u, v), number in problem.edges.items()}


def test_an_output_that_is_read_on_has_a_copy_which_costs_one_for_each_edge_in():
    def f(x):
        y = jnp.sin(x)
        return y, jnp.cos(y)

    found = alphagrad.problem_of(graph(f, jnp.float32(1)))
    assert named(found) == {
        ("-1", "1"): NUMBERS,
        ("1", "2"): NUMBERS,
        ("1", "3"): Partial(8, 1, 1, 1, 1),
    }
    assert total(found, found.intermediates) == 2


def test_a_graph_of_numbers_given_by_its_edges_is_counted_too():
    linear = plain([(-1, 1), (1, 2), (1, 3)], [-1], [2, 3])
    found = alphagrad.problem_of(linear)
    assert set(found.table.labels) == {NUMBERS}
    assert total(found, found.intermediates) == 2


@pytest.mark.parametrize(
    ("f", "arguments", "message"),
    [
        (lambda x: jnp.sin(x), (jnp.ones((2, 3, 4)),), r"knows numbers, vectors and matrices; 'sin'.*\(2, 3, 4\)"),
        (lambda x: jnp.cumsum(x), (jnp.ones(3),), r"no rule for the primitive 'cumsum'.*count with 'all_edges'"),
        (lambda x: jnp.linalg.eigh(x)[0], (jnp.eye(3),), r"'eigh'|no rule"),
    ],
)
def test_where_the_model_ends_it_says_so(f, arguments, message: str):
    with pytest.raises(UnsupportedError, match=message):
        alphagrad.problem_of(graph(f, *arguments))


def test_an_already_linearised_graph_is_taken_as_it_is():
    captured = graph(lambda x, w: jnp.tanh(w @ x), jnp.ones(3), jnp.ones((2, 3)))
    found = alphagrad.problem_of(linearise(captured))
    assert Counter(one.kind for one in named(found).values()) == Counter({1: 1, -2: 1, 6: 1})
    assert found.fingerprint == alphagrad.problem_of(captured).fingerprint
