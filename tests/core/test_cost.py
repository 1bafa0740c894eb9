"""Counts of operations and bytes: against XLA's own analysis of single primitives, and against counts by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from difflab.core.call import call
from difflab.core.capture import capture, graph
from difflab.core.cost import Cost, flops, moved, tally, xla
from difflab.core.counts import ESTIMATES, EXACT
from difflab.zoo import load, names

X = np.linspace(0.1, 0.9, 8, dtype=np.float32)
A = np.eye(8, dtype=np.float32) + 0.1
PAIR = (X, X)
IMAGE = np.ones((2, 3, 9, 8), np.float32)
KERNEL = np.ones((4, 3, 3, 2), np.float32)


def xla_operations(f, *args) -> float:
    found = jax.jit(f).lower(*args).cost_analysis()
    return found.get("flops", 0.0) + found.get("transcendentals", 0.0)


UNARY = """abs acos acosh asin asinh atan atanh cbrt ceil cos cosh erf exp exp2 expm1 floor is_finite log log1p logistic
    neg round rsqrt sign sin sinh sqrt square tan tanh""".split()
BINARY = "add atan2 div eq ge gt le lt max min mul ne nextafter pow rem sub".split()
XLA_EXPANDS = {"logistic", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cosh", "sinh", "exp2", "nextafter"}
"""XLA counts what it rewrites these to."""


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_an_elementwise_primitive_costs_one_an_entry_as_in_xla(name: str):
    function, args = getattr(lax, name), PAIR if name in BINARY else (X + 1 if name == "acosh" else X,)
    made = graph(function, *args)
    assert tally(made).total.flops == 8 * len(made)
    if name not in XLA_EXPANDS:
        assert xla_operations(function, *args) == 8


def conv(stride, padding, spread, dilation, groups=1, batches=1):
    def function(image, kernel):
        return lax.conv_general_dilated(
            image, kernel, stride, padding, spread, dilation, feature_group_count=groups, batch_group_count=batches
        )

    return function


SAME_AS_XLA = {
    "matrix product": (lambda a: a @ a, (A,)),
    "matrix times vector": (lambda a, x: a @ x, (A, X)),
    "batched product": (lambda a: jnp.einsum("bij,bjk->bik", a, a), (np.ones((3, 4, 4), np.float32),)),
    "outer product": (lambda x: jnp.einsum("i,j->ij", x, x), (X,)),
    "sum": (lambda x: lax.reduce_sum_p.bind(x, axes=(0,), out_sharding=None), (X,)),
    "sum of rows": (lambda a: jnp.sum(a, 0), (A,)),
    "maximum": (lambda a: jnp.max(a, 1), (A,)),
    "cube": (lambda x: lax.integer_pow(x, 3), (X,)),
    "seventh power": (lambda x: lax.integer_pow(x, 7), (X,)),
    "inverse square": (lambda x: lax.integer_pow(x, -2), (X,)),
    "convolution": (conv((1, 1), "VALID", None, None), (IMAGE, KERNEL)),
    "strided, padded": (conv((2, 1), [(2, 1), (0, 3)], None, None), (IMAGE, KERNEL)),
    "transposed": (conv((1, 1), [(2, 2), (1, 1)], (2, 3), None), (IMAGE, KERNEL)),
    "dilated": (conv((1, 2), "SAME", None, (2, 3)), (IMAGE, KERNEL)),
    "both": (conv((3, 2), [(4, 4), (3, 3)], (2, 4), (3, 1)), (IMAGE, KERNEL)),
    "grouped": (conv((1, 1), "SAME", None, None, groups=3), (IMAGE, np.ones((6, 1, 3, 2), np.float32))),
    "sliding sums": (lambda x: lax.reduce_window(x, 0.0, lax.add, (3,), (1,), "VALID"), (X,)),
}


@pytest.mark.parametrize("name", SAME_AS_XLA)
def test_products_reductions_and_powers_are_counted_as_xla_counts_them(name: str):
    function, args = SAME_AS_XLA[name]
    made = graph(function, *args)
    counted = tally(made).total
    assert counted.exact and not counted.least
    assert counted.flops == xla_operations(function, *args)


HAND = {"lt", "add", "select_n"}
"""jnp's own treatment of negative indices, around the primitive that is looked at."""


def index_work(made) -> int:
    """Entries of integer arrays that jnp computes before a scatter: XLA folds constants, and counts some of them."""
    return 0 if all(e.primitive != "scatter-add" for e in made.equations) else _index_entries(made)


def _index_entries(made) -> int:
    return int(xla_operations(lambda x: x.at[np.array([[1, 2]])].add(np.ones((1, 2), np.float32)), X)) - 2


HAND = {
    "linear layer": (lambda a, x: jnp.tanh(a @ x), (A, X), 2 * 64 + 8),
    "cumulative sum": (lambda a: lax.cumsum(a, 1), (A,), 8 * 7),
    "scatter": (lambda x, k: x.at[k].add(1.0, wrap_negative_indices=False), (X, np.array([1, 2])), 2),
    "empty sum": (lambda x: jnp.sum(x[:0]), (X,), 0),
    "largest index": (lambda x: lax.argmax(x, 0, np.int32), (X,), 7),
    "moving": (lambda x: jnp.flip(x.reshape(2, 4).T).astype(jnp.float16), (X,), 0),
    "scan": (lambda x: lax.scan(lambda c, a: (c * a + a, None), 1.0, x)[0], (X,), 16),
    "nested scans": (
        lambda x: lax.scan(lambda c, a: (lax.scan(lambda d, b: (d * b, None), c, x)[0], None), 1.0, x)[0], (X,), 64,
    ),
    "jit": (jax.jit(lambda x: x * x), (X,), 8),
    "complex": (lambda x: x * x, (X.astype(np.complex64),), 8),
    "triangular": (lambda a, x: jax.scipy.linalg.solve_triangular(a, x, lower=True), (A, X), 64),
}  # fmt: skip


@pytest.mark.parametrize("name", HAND)
def test_operations_are_those_counted_by_hand(name: str):
    function, args, expected = HAND[name]
    assert tally(graph(function, *args)).total.flops == expected


def test_a_cond_counts_as_its_costliest_branch_and_is_then_an_estimate():
    total = tally(graph(lambda x: lax.cond(x[0] > 0, lambda x: x @ x, lambda x: x[0], x), X)).total
    body = 2 * 8
    assert total.flops == body + 1 and not total.exact and total.mark == "≈"


def test_a_while_counts_for_one_trip_and_is_a_lower_bound():
    total = tally(graph(lambda x: lax.while_loop(lambda c: c[0] < 1, lambda c: c * 2, x), X)).total
    assert total.flops == 1 + 8 and total.least and total.mark == "≥"


def test_a_primitive_without_a_rule_says_so():
    made = graph(lambda x: jax.pure_callback(lambda v: v, jax.ShapeDtypeStruct((8,), np.float32), x) + 1, X)
    assert [flops(made, e) for e in made.equations] == [None, 8]
    assert tally(made).total.mark == "≥"


ESTIMATED = {
    "cholesky": (lambda a: lax.linalg.cholesky(a, symmetrize_input=False), 512 / 3, 0.8),
    "sort": (lambda a: jnp.sort(a[0]), 24, 0.1),
    "qr": (lambda a: jnp.linalg.qr(a)[1], 4 * 512 / 3 * 2, 0.1),
    "eigh": (lambda a: jnp.linalg.eigh(a)[0], 9 * 512, 0.1),
    "fft": (lambda a: jnp.fft.fft(a[0] + 0j), 5 * 24, 0.3),
    "solve": (lambda a: jnp.linalg.solve(a, a[0]), 2 * 512 / 3 + 128, 0.2),
}


@pytest.mark.parametrize("name", ESTIMATED)
def test_an_estimate_is_near_its_leading_term_and_marked(name: str):
    function, expected, tolerance = ESTIMATED[name]
    total = tally(graph(function, A)).total
    assert not total.exact and total.flops == pytest.approx(expected, rel=tolerance)


BYTES = {
    "one operand": (jnp.sin, (X,), 64),
    "the same operand twice is read once": (lambda x: x * x, (X,), 64),
    "a literal is in the code": (lambda x: x * 2.0, (X,), 64),
    "a conversion": (lambda x: x.astype(jnp.bfloat16), (X,), 32 + 16),
    "a reshape renames": (lambda x: x.reshape(2, 4), (X,), 0),
    "a slice reads what it takes": (lambda x: lax.slice(x, (2,), (4,)), (X,), 16),
    "booleans take a byte": (lambda x: x > 0, (X,), 32 + 8),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_are_each_operand_and_result_once_as_xla_compiles_them(name: str):
    function, args, expected = BYTES[name]
    made = graph(function, *args)
    assert sum(moved(made, e) for e in made.equations) == expected
    if name != "a reshape renames":
        assert jax.jit(function).lower(*args).compile().cost_analysis()["bytes accessed"] == expected


def test_random_keys_are_counted_in_bytes():
    made = graph(lambda k: jax.random.uniform(jax.random.split(k)[0], (4,)), jax.random.key(0))
    assert tally(made).total.bytes > 0 and not tally(made).total.exact


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["sin", "dot", "sum", "sort", "scan", "while"]), min_size=1, max_size=8), st.data())
def test_the_cost_of_a_union_is_the_sum_of_the_parts(steps: list[str], data: st.DataObject):
    made = graph(program(steps), X)
    cut = data.draw(st.integers(0, len(made)))
    costs = tally(made)
    assert costs.of(range(cut)) + costs.of(range(cut, len(made))) == costs.total
    assert costs.of(list(range(cut))) == costs.of(range(cut))
    assert costs.total == costs.of(list(range(len(made))))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(["sin", "dot", "sum", "sort"]), min_size=1, max_size=4), st.integers(1, 9))
def test_a_loop_costs_its_body_times_its_trips(steps: list[str], trips: int):
    once = program(steps)
    looped = graph(lambda x: lax.scan(lambda c, _: (once(c), None), x, None, length=trips)[0], X)
    assert tally(looped).total == tally(graph(once, X)).total.times(trips)


def program(steps: list[str]):
    def act(name: str, x):
        match name:
            case "dot":
                return jnp.asarray(A) @ x
            case "sum":
                return x - jnp.sum(x)
            case "sort":
                return jnp.sort(x)
            case "scan":
                return lax.scan(lambda c, a: (c + a, None), x, jnp.ones((3, 8)))[0]
            case "while":
                return lax.while_loop(lambda c: c[0] < 0, lambda c: c * 2, x)
        return jnp.sin(x)

    def function(x):
        for name in steps:
            x = act(name, x)
        return x

    return function


def test_no_primitive_is_in_both_tables():
    assert EXACT.keys().isdisjoint(ESTIMATES)


@pytest.mark.parametrize("name", names())
def test_every_problem_of_the_zoo_is_counted(name: str):
    one = load(name)
    total = tally(graph(one.function, *one.arguments())).total
    assert total.flops > 0 and total.bytes > 0


def test_xla_analyses_a_call_and_a_graph_alike_without_running_them():
    at = call(lambda a, x: jnp.sin(a @ x), jax.ShapeDtypeStruct((8, 8), np.float32), jax.ShapeDtypeStruct((8,), "f4"))
    found = xla(at)
    assert found["flops"] == 128 and found["transcendentals"] == 8
    assert xla(capture(at)) == found


def test_costs_add_and_repeat():
    assert Cost(1, 2) + Cost(3, 4, exact=False) == Cost(4, 6, exact=False)
    assert Cost(1, 2, least=True).times(3) == Cost(3, 6, least=True)
