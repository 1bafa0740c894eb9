"""Derivative programs of JAX with one small error planted anywhere, inner programs included.

A mutant is a jaxpr that differs in one equation: another operation, operands swapped or taken from elsewhere, a literal
slightly off, a term dropped. Whether it computes something else is decided by running it in double precision, which
shares nothing with the checker (DeMillo, Lipton & Sayward 1978, "Hints on test data selection").
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core as jex

_OTHER = {
    "sin": lax.cos_p, "cos": lax.sin_p, "exp": lax.expm1_p, "expm1": lax.exp_p, "log": lax.log1p_p, "log1p": lax.log_p,
    "tanh": lax.sin_p, "logistic": lax.tanh_p, "sqrt": lax.abs_p, "neg": lax.copy_p, "add": lax.sub_p, "sub": lax.add_p,
    "add_any": lax.mul_p, "mul": lax.add_p, "div": lax.mul_p, "max": lax.min_p, "min": lax.max_p, "gt": lax.lt_p,
    "lt": lax.gt_p, "ge": lax.lt_p, "le": lax.gt_p, "erf": lax.tanh_p, "abs": lax.copy_p, "square": lax.copy_p,
}  # fmt: skip
_ORDERED = {"sub", "div", "pow", "atan2", "rem"}
_SUMS = {"add", "add_any"}


def mutants(closed: Any) -> list[tuple[str, Callable[[], Any]]]:
    """All single errors that can be planted in a closed jaxpr: a description, and how to make the mutated one."""
    return [(text, lambda make=make: closed.replace(jaxpr=make())) for text, make in _mutations(closed.jaxpr, "")]


def sample(closed: Any, count: int, seed: int) -> list[tuple[str, Any]]:
    """At most `count` mutants, chosen at random."""
    found = mutants(closed)
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    return [(text, make()) for text, make in chosen]


def differs(one: Any, other: Any, arguments: Sequence[Sequence[Any]]) -> bool | None:
    """Whether two closed jaxprs give other numbers at one of the points; None if neither says anything finite."""
    compared = False
    for point in arguments:
        pairs = zip(jax.core.eval_jaxpr(one.jaxpr, one.consts, *point), _run(other, point), strict=True)
        for a, b in pairs:
            a, b = np.asarray(a), np.asarray(b)
            usable = np.isfinite(a)
            compared |= bool(usable.any())
            if (np.abs(a - b)[usable] > 1e-9 * (1 + np.abs(a[usable]))).any() or (np.isnan(b) & usable).any():
                return True
    return False if compared else None


def _run(closed: Any, point: Sequence[Any]) -> list[Any]:
    return jax.core.eval_jaxpr(closed.jaxpr, closed.consts, *point)


def _mutations(jaxpr: Any, where: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each mutation of one equation, and those of the programs inside of it, as a new jaxpr."""
    known = [*jaxpr.constvars, *jaxpr.invars]
    for k, eqn in enumerate(jaxpr.eqns):
        at = f"{where}{k} {eqn.primitive.name}"
        for text, change in _of_equation(eqn, list(known)):

            def whole(k: int = k, change: Callable[[], Any] = change) -> Any:
                return jaxpr.replace(eqns=[*jaxpr.eqns[:k], change(), *jaxpr.eqns[k + 1 :]])

            yield f"{at}: {text}", whole
        for key, inner in eqn.params.items():
            for text, change in _of_parameter(inner, f"{at}/"):

                def nested(k: int = k, eqn: Any = eqn, key: str = key, change: Callable[[], Any] = change) -> Any:
                    made = eqn.replace(params={**eqn.params, key: change()})
                    return jaxpr.replace(eqns=[*jaxpr.eqns[:k], made, *jaxpr.eqns[k + 1 :]])

                yield text, nested
        known += [v for v in eqn.outvars if type(v).__name__ != "DropVar"]


def _of_parameter(value: Any, where: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    if isinstance(value, jex.ClosedJaxpr):
        for text, make in _mutations(value.jaxpr, where):
            yield text, lambda make=make: value.replace(jaxpr=make())
    elif isinstance(value, jex.Jaxpr):
        yield from _mutations(value, where)
    elif isinstance(value, tuple) and any(isinstance(part, jex.ClosedJaxpr | jex.Jaxpr) for part in value):
        for k, part in enumerate(value):
            for text, make in _of_parameter(part, f"{where}{k}/"):
                yield text, lambda k=k, make=make: _with_part(value, k, make())


def _with_part(value: Any, k: int, part: Any) -> Any:
    """A tuple, named or not, with another part."""
    if hasattr(value, "_replace"):
        return value._replace(**{value._fields[k]: part})
    return (*value[:k], part, *value[k + 1 :])


def _of_equation(eqn: Any, known: list[Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    name, ins = eqn.primitive.name, list(eqn.invars)
    if not any(jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in ins if hasattr(v.aval, "dtype")):
        return
    if name in _OTHER:
        other = _OTHER[name]
        operands = ins[:1] if other is lax.copy_p else ins
        yield f"{other.name}", lambda: _replaced(eqn, other, operands)
    if name in _ORDERED and ins[0].aval == ins[1].aval:
        yield "operands swapped", lambda: eqn.replace(invars=ins[::-1])
    if name == "select_n" and len(ins) == 3:
        yield "branches swapped", lambda: eqn.replace(invars=[ins[0], ins[2], ins[1]])
    if name in _SUMS:
        yield "second term dropped", lambda: _replaced(eqn, lax.copy_p, ins[:1])
        yield "first term dropped", lambda: _replaced(eqn, lax.copy_p, ins[1:])
    if name == "integer_pow":
        yield "exponent + 1", lambda: eqn.replace(params={**eqn.params, "y": eqn.params["y"] + 1})
    if name == "transpose" and eqn.outvars[0].aval == ins[0].aval:
        yield "not transposed", lambda: _replaced(eqn, lax.copy_p, ins)
    if name in ("cumsum", "cumprod", "cummax"):
        yield "from the other end", lambda: eqn.replace(params={**eqn.params, "reverse": not eqn.params["reverse"]})
    for k, operand in enumerate(ins):
        yield from _of_operand(eqn, ins, k, operand, known)


def _of_operand(eqn: Any, ins: list[Any], k: int, operand: Any, known: list[Any]) -> Iterator[Any]:
    aval = operand.aval
    if not hasattr(aval, "dtype") or not jnp.issubdtype(aval.dtype, jnp.inexact):
        return
    if isinstance(operand, jex.Literal):
        if eqn.primitive.name in ("pad", "reduce_window", "gather"):
            return
        value = np.asarray(operand.val)
        for text, off in (("sign", -value), ("one part in a million", value * (1 + 1e-6)), ("1 more", value + 1)):
            yield (
                f"literal {k} off: {text}",
                lambda off=off: _with(eqn, ins, k, jex.Literal(off.astype(aval.dtype), aval)),
            )
        return
    twins = [v for v in known if v.aval == aval and v is not operand]
    for twin in twins[-2:]:
        yield f"operand {k} taken from elsewhere", lambda twin=twin: _with(eqn, ins, k, twin)


def _with(eqn: Any, ins: list[Any], k: int, operand: Any) -> Any:
    return eqn.replace(invars=[*ins[:k], operand, *ins[k + 1 :]])


def _replaced(eqn: Any, primitive: Any, operands: list[Any]) -> Any:
    """The equation with another primitive, whose parameters are the defaults."""
    sample = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in operands]
    params = jax.make_jaxpr(lambda *xs: primitive.bind(*xs, **_defaults(primitive)))(*sample).jaxpr.eqns[0].params
    return eqn.replace(primitive=primitive, invars=operands, params=params)


def _defaults(primitive: Any) -> dict[str, Any]:
    if primitive.name in ("sin", "cos", "exp", "expm1", "log", "log1p", "tanh", "logistic", "sqrt"):
        return {"accuracy": None}
    return {}
