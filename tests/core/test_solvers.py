"""Linear systems over number domains: values as JAX computes them, derivatives as differences of 60 digits."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl
import numpy as np
import pytest
from jax import lax

from difflab.core.bigfloat import big_floats
from difflab.core.capture import graph
from difflab.core.complexes import Complex
from difflab.core.domains import Domain
from difflab.core.duals import Dual, dual
from difflab.core.field import prime_field
from difflab.core.graph import Graph
from difflab.core.interpret import interpret
from difflab.core.values import Elements, pack

DIGITS = big_floats(60)
A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4], [-0.8, 0.6, 0.5]])
B = np.array([[1.2, -0.3], [0.4, 0.9], [-0.7, 0.2]])
C = A + 1j * A.T @ np.diag([1.0, -0.5, 0.3])
PAIR = np.stack([A, A.T + np.eye(3)])
TALL = np.stack([np.vstack([A, B.T @ A]), np.vstack([B.T @ A - 1, A])])


def symmetric(x: Any) -> Any:
    """A positive definite matrix of any matrix."""
    return x @ x.conj().mT + jnp.eye(x.shape[-1])


CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "cholesky": (lambda x: jnp.linalg.cholesky(symmetric(x)), (PAIR,)),
    "cholesky, complex": (lambda x: jnp.linalg.cholesky(symmetric(x)), (C,)),
    "triangular": (lambda a, b: jsl.solve_triangular(a, b, trans=1), (A, B)),
    "triangular, unit": (lambda a, b: jsl.solve_triangular(a, b, lower=True, unit_diagonal=True), (A, B)),
    "triangular, right": (
        lambda a: lax.linalg.triangular_solve(a, a + 1, lower=True, transpose_a=True, conjugate_a=True),
        (C,),
    ),
    "lu": (lambda a: lax.linalg.lu(a)[0], (TALL,)),
    "tridiagonal": (lambda a, b: lax.linalg.tridiagonal_solve(a[0], a[1] * 0.1, a[2], b), (A, B)),
    "solve": (jnp.linalg.solve, (A, B)),
    "solve, complex": (jnp.linalg.solve, (C, C[0])),
    "solve, a batch": (jax.vmap(jnp.linalg.solve, (0, None)), (PAIR, B[:, 0])),
    "matrix-free": (lambda a, b: jax.scipy.sparse.linalg.cg(lambda v: symmetric(a) @ v, b)[0], (A, B[:, 0])),
    "qr": (jnp.linalg.qr, (TALL,)),
    "qr, complex": (jnp.linalg.qr, (C,)),
    "qr, wide": (lambda x: jnp.linalg.qr(x.mT), (TALL[0],)),
    "qr, complete": (lambda x: jnp.linalg.qr(x, mode="complete"), (TALL[0],)),
    "qr, pivoted": (lambda x: jsl.qr(x, pivoting=True)[:2], (A,)),
    "qr, triangular already": (jnp.linalg.qr, (np.triu(A),)),
    "householder": (lambda a: lax.linalg.householder_product(a, a[0] / 3), (A,)),
    "qr_multiply": (lambda a, b: jsl.qr_multiply(a, b.T), (A, B)),
    "det": (jnp.linalg.det, (np.kron(A[:2, :2], A[:2, 1:]),)),
}


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def lifted(domain: Domain, array: Any, moves: Any = None) -> Elements:
    """An array as elements; with tangents where they are given."""
    flat = np.asarray(array).reshape(-1).tolist()
    tangents = [None] * len(flat) if moves is None else np.asarray(moves).reshape(-1).tolist()

    def one(x: float, t: float | None) -> Any:
        return domain.constant(x) if t is None else Dual(DIGITS.constant(x), DIGITS.constant(t))

    def entry(x: Any, t: Any) -> Any:
        if not isinstance(x, complex):
            return one(x, t)
        return Complex(one(x.real, t and t.real), one(x.imag, t and t.imag))

    return pack(np.shape(array), [entry(x, t) for x, t in zip(flat, tangents, strict=True)])


def flat(arrays: Any) -> list[Any]:
    """All real parts of all elements."""
    items = [e for a in arrays if a is not None for e in a.reshape(-1)]
    return [p for e in items for p in ((e.re, e.im) if isinstance(e, Complex) else (e,))]


def at(program: Graph, args: Any, elements: list[Elements], domain: Domain) -> list[Any]:
    """The outputs' parts."""
    made = interpret(program, args, domain, elements=dict(enumerate(elements)), decide_here=True, strict=True)
    return flat(made.outputs)


def floats_of(results: Any) -> Any:
    """JAX's results, in the same order."""
    leaves = [np.asarray(x) for x in jax.tree.leaves(results) if jnp.issubdtype(x.dtype, jnp.inexact)]
    parts = [x.view(np.float64) if x.dtype.kind == "c" else x for x in map(np.ascontiguousarray, leaves)]
    return np.concatenate([p.reshape(-1) for p in parts])


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_jax(name: str):
    f, args = CASES[name]
    elements = [lifted(DIGITS, x) for x in args]
    np.testing.assert_allclose(
        np.array(at(graph(f, *args), args, elements, DIGITS), float), floats_of(f(*args)), atol=1e-12
    )


@pytest.mark.parametrize("name", [n for n in CASES if n != "qr, triangular already"])
def test_tangents_are_differences_of_big_floats(name: str):
    f, args = CASES[name]
    program = graph(f, *args)
    assert_tangents_are_differences(program, args)


def assert_tangents_are_differences(program: Graph, args: Any) -> None:
    """The dual numbers of a run beside central differences in 60 digits, at two steps."""
    rng = np.random.default_rng(1)
    moves = [rng.normal(size=x.shape) + (1j * rng.normal(size=x.shape) if x.dtype.kind == "c" else 0) for x in args]
    exact = at(program, args, [lifted(DIGITS, x, t) for x, t in zip(args, moves, strict=True)], dual(DIGITS))
    tangents = [e.tangent or DIGITS.constant(0) for e in exact]
    for step in (-12, -16):
        h = DIGITS.constant(10) ** step
        sides = [at(program, args, shifted(args, moves, s * h), DIGITS) for s in (1, -1)]
        differences = [(x - y) / (2 * h) for x, y in zip(*sides, strict=True)]
        bound = 10.0 ** (2 * step + 5)
        assert all(abs(d - t) < bound * (1 + abs(t)) for d, t in zip(differences, tangents, strict=True))


def shifted(args: Any, moves: Any, h: Any) -> list[Elements]:
    """The point, moved."""

    def entry(x: Any, t: Any) -> Any:
        if isinstance(x, complex):
            return Complex(x.real + h * t.real, x.imag + h * t.imag)
        return x + h * t

    def array(x: Any, t: Any) -> Elements:
        return pack(x.shape, [entry(*p) for p in zip(x.reshape(-1).tolist(), t.reshape(-1).tolist(), strict=True)])

    return [array(x, t) for x, t in zip(args, moves, strict=True)]


def test_pivots_are_part_of_the_path():
    a = np.array([[1.0, 2.0], [4.0, 1.0]])
    run = interpret(graph(lambda x: lax.linalg.lu(x)[0], a), [a], DIGITS, elements={0: lifted(DIGITS, a)})
    assert [d.text for d in run.path] == ["lu exchanges each row with 1, 1"]
    assert not run.tight


def test_equal_candidates_for_a_pivot_are_a_tight_decision():
    a = np.array([[1.0, 2.0], [-1.0, 1.0]])
    run = interpret(graph(lambda x: lax.linalg.lu(x)[0], a), [a], DIGITS, elements={0: lifted(DIGITS, a)})
    assert run.tight


def test_a_solver_that_lies_is_not_believed():
    def f(a: Any, b: Any) -> Any:
        return lax.custom_linear_solve(lambda x: a @ x, b, lambda _, b: 2 * b, lambda _, b: 3 * b)

    args = (A, B[:, 0])
    made = at(graph(f, *args), args, [lifted(DIGITS, x) for x in args], DIGITS)
    np.testing.assert_allclose(np.array(made, float), np.linalg.solve(*args), rtol=1e-12)


def test_cholesky_of_a_matrix_that_is_not_positive_is_nan():
    a = -np.eye(2)
    made = at(graph(jnp.linalg.cholesky, a), (a,), [lifted(DIGITS, a)], DIGITS)
    assert [x != x for x in made] == [True, False, True, True]


def test_cholesky_says_that_it_reads_one_triangle_only():
    run = interpret(
        graph(lambda x: lax.linalg.cholesky(x, symmetrize_input=False), np.eye(2)), [np.eye(2)], DIGITS,
        elements={0: lifted(DIGITS, np.array([[1.0, 0.25], [0.0, 1.0]]))},
    )  # fmt: skip
    assert any("lower triangle" in d.text for d in run.path)


def test_an_inverse_is_one_in_a_finite_field():
    field = prime_field(seed=5)
    a = np.random.default_rng(2).normal(size=(6, 6))
    elements = pack((6, 6), field.draw(36))
    inverse = pack(
        (6, 6), [*interpret(graph(jnp.linalg.inv, a), [a], field.domain, elements={0: elements}).outputs[0].flat]
    )
    product = [field.domain.dot(list(r), list(c)) for r in elements for c in inverse.T]
    unit = [field.domain.constant(int(i == j)) for i in range(6) for j in range(6)]
    assert all(field.same(x, y) for x, y in zip(product, unit, strict=True))
