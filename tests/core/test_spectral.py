"""Spectra over number domains: values as JAX computes them, derivatives as differences of 60 digits have them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from difflab.core.capture import graph
from difflab.core.duals import dual
from difflab.core.field import prime_field
from difflab.core.interpret import interpret
from difflab.core.shadow import Shadow, shadow
from difflab.core.values import pack
from tests.core.test_solvers import DIGITS, assert_tangents_are_differences, at, floats_of, lifted

A = np.array([[0.3, -0.7, 1.9], [0.25, 1.1, -0.4], [-0.8, 0.6, 0.5]])
C = A + 1j * A.T @ np.diag([1.0, -0.5, 0.3])
TALL = np.stack([np.vstack([A, [[1.0, 2.0, -1.0]]]), np.vstack([A.T, [[0.5, 0.1, 0.2]]])])


def free(v: Any) -> Any:
    """What does not depend on the phases of the columns."""
    return jnp.einsum("...ik,...jk->...kij", v, v.conj())


CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "eigh": (jnp.linalg.eigh, (TALL[:, :3],)),
    "eigh, complex": (lambda x: free(jnp.linalg.eigh(x)[1]), (C,)),
    "eigvalsh, complex": (jnp.linalg.eigvalsh, (C,)),
    "svd": (lambda x: jnp.linalg.svd(x, full_matrices=False), (TALL,)),
    "svd, wide": (lambda x: jnp.linalg.svd(x.mT, full_matrices=False), (TALL[0],)),
    "svd, complex": (lambda x: free(jnp.linalg.svd(x)[0]), (C,)),
    "singular values": (lambda x: jnp.linalg.svd(x, compute_uv=False), (C[:, :2],)),
    "pinv": (jnp.linalg.pinv, (TALL[0],)),
    "nuclear norm": (lambda x: jnp.linalg.norm(x, "nuc"), (A,)),
    "eigvals": (jnp.linalg.eigvals, (A,)),
    "eig": (lambda x: lax.linalg.eig(x, compute_left_eigenvectors=True, enable_eigvec_derivs=True), (A,)),
}


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_jax_and_tangents_differences(name: str):
    f, args = CASES[name]
    program = graph(f, *args)
    values = at(program, args, [lifted(DIGITS, x) for x in args], DIGITS)
    np.testing.assert_allclose(np.array(values, float), floats_of(f(*args)), atol=1e-12)
    assert_tangents_are_differences(program, args)


def test_equal_eigenvalues_are_a_tight_decision():
    run = interpret(graph(jnp.linalg.eigvalsh, np.eye(2)), [np.eye(2)], DIGITS, elements={0: lifted(DIGITS, np.eye(2))})
    assert run.tight and any("coincide" in d.text for d in run.path)


def test_drawn_vectors_are_orthonormal_and_belong_to_their_matrix():
    field = prime_field(seed=2)
    domain = shadow(field.domain)
    program = graph(lambda x: jnp.linalg.eigh(x)[1], A)
    elements = pack((3, 3), [Shadow(e, x) for e, x in zip(field.draw(9), A.reshape(-1).tolist(), strict=True)])
    first, again = (
        interpret(program, [A], domain, elements={0: elements}, decide_here=True).outputs[0] for _ in range(2)
    )
    columns = [[e.value for e in column] for column in first.T]
    unit = [field.domain.constant(int(i == j)) for i in range(3) for j in range(3)]
    products = [field.domain.dot(x, y) for x in columns for y in columns]
    assert all(field.same(x, y) for x, y in zip(products, unit, strict=True))
    assert all(field.same(x.value, y.value) for x, y in zip(first.flat, again.flat, strict=True))


def test_the_jvp_of_eigh_holds_in_a_finite_field():
    field = prime_field(seed=2)
    domain = shadow(field.domain)
    point = [Shadow(e, x) for e, x in zip(field.draw(9), A.reshape(-1).tolist(), strict=True)]
    moved = [Shadow(e, x) for e, x in zip(field.draw(9), A.T.reshape(-1).tolist(), strict=True)]
    program = graph(lambda x, t: jax.jvp(jnp.linalg.eigh, (x,), (t,))[1], A, A.T)
    given = {0: pack((3, 3), point), 1: pack((3, 3), moved)}
    made = interpret(program, [A, A.T], domain, elements=given, decide_here=True)
    over = dual(domain)
    both = pack((3, 3), [over.constant(0).__class__(x, t) for x, t in zip(point, moved, strict=True)])
    true = interpret(graph(jnp.linalg.eigh, A), [A], over, elements={0: both}, decide_here=True)
    for x, y in zip(made.outputs, true.outputs, strict=True):
        assert x is not None and y is not None
        assert all(field.same(p.value, q.tangent.value) for p, q in zip(x.flat, y.flat, strict=True))
