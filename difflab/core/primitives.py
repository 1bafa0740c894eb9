"""What each JAX primitive means to the interpreter: a table from the primitive's name to its rule.

A rule takes the run, the place of the equation and the operands, and returns the results. Arithmetic is applied element
by element; what only moves entries is left to JAX (`difflab.core.movement`); comparisons, maxima and roundings are
decided by the concrete values and recorded (`difflab.core.choices`).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from difflab.core import choices, movement
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Hole, Value, pack

Rule = Callable[[Run, Site, list[Value]], list[Value]]
"""How one primitive is interpreted."""

ELEMENTWISE: Mapping[str, str] = {
    name: name
    for name in (
        "add sub mul div neg square one_minus_square sqrt rsqrt exp exp2 expm1 log log1p sin cos tan asin acos atan "
        "atan2 sinh cosh tanh asinh acosh atanh logistic erf erfc erf_inv lgamma digamma"
    ).split()
} | {"add_any": "add"}
"""Primitive → operation of the domain."""

UNCHANGED = "copy copy_p device_put name optimization_barrier reduce_precision".split()
"""Primitives that hand their operands on."""


def elementwise(name: str) -> Rule:
    """The rule of an operation of the domain."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        operation = run.domain.operation(name)
        arrays = _arrays(run, operands)
        if operation is None:
            return run.holes(at, operands, f"{run.domain.name} have no {name}")
        return run.made(at, operands, [run.map(operation, *arrays)])

    return rule


def integer_pow(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """xⁿ for a fixed integer n."""
    power, n = run.domain.operation("integer_pow"), int(at.equation.params["y"])
    assert power is not None
    return run.made(at, operands, [run.map(lambda x: power(x, n), *_arrays(run, operands))])


def power(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """xʸ; a fixed integer exponent is exact for negative bases, too."""
    y = operands[1]
    whole, raised = run.domain.operation("integer_pow"), run.domain.operation("pow")
    if y.active or whole is None or raised is None:
        return elementwise("pow")(run, at, operands)
    bases, given = _arrays(run, operands)
    exponents = np.broadcast_to(np.asarray(y.known, np.float64), bases.shape).reshape(-1).tolist()
    steps = pack(bases.shape, [int(e) if e == e and abs(e) < 1e9 and e == int(e) else None for e in exponents])
    return run.made(
        at, operands, [run.map(lambda a, b, n: raised(a, b) if n is None else whole(a, n), bases, given, steps)]
    )


def polynomial(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Σ aₖ xᵏ by Horner's rule, which is what JAX does; operands are x, a₀, a₁, …"""
    add, multiply = run.domain.operations["add"], run.domain.operations["mul"]
    x, *coefficients = _arrays(run, operands)
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = run.map(add, run.map(multiply, total, x), coefficient)
    return run.made(at, operands, [np.broadcast_to(total, at.shapes[0])])


def unchanged(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The operands themselves: rounding to fewer digits is no part of the mathematics."""
    return list(operands)


def convert(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Between float types nothing changes; from integers constants come; to integers the value is cut off."""
    (x,) = operands
    if x.elements is None:
        exact = (
            not at.discrete[0]
            and x.known.dtype.kind in "iub"
            and bool((np.abs(np.asarray(x.known, float)) < 2**8).all())
        )
        return run.made(at, operands, [run.constants(x.known)]) if exact else run.concretely(at, operands)
    return choices.truncate(run, at, operands) if at.discrete[0] else unchanged(run, at, operands)


def stop_gradient(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The value as a constant, which is what JAX's derivative rules make of it."""
    made: list[Value] = []
    for operand in operands:
        if operand.elements is None or not operand.active:
            made.append(operand)
            continue
        frozen = run.map(run.domain.freeze, operand.elements)
        run.decided("stop_gradient holds a value constant", at)
        (value,) = run.made(at, [operand], [frozen])
        value.active = False
        made.append(value)
    return made


def reduce_sum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sums over axes."""
    rows = _rows(run, operands[0], at.equation.params["axes"])
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(row) for row in rows])])


def reduce_prod(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Products over axes."""
    rows = _rows(run, operands[0], at.equation.params["axes"])
    return run.made(
        at,
        operands,
        [pack(at.shapes[0], [_fold(run, "mul", row)[-1] if row else run.domain.constant(1) for row in rows])],
    )


def accumulate(name: str) -> Rule:
    """The rule of a running sum or product along an axis, perhaps from the end."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = _arrays(run, operands)
        return run.made(at, operands, [_along(run, name, x, at)])

    return rule


def cumlogsumexp(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """log of the running sum of exp."""
    exp, log = run.domain.operation("exp"), run.domain.operation("log")
    if exp is None or log is None:
        return run.holes(at, operands, f"{run.domain.name} have no exp and log")
    (x,) = _arrays(run, operands)
    return run.made(at, operands, [run.map(log, _along(run, "add", run.map(exp, x), at))])


def dot_general(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sums of products over the contracted axes, for each index of the batch axes and of the free ones."""
    left, right = _arrays(run, operands)
    (cl, cr), (bl, br) = at.equation.params["dimension_numbers"]
    a, b = _as_matrices(left, bl, cl), _as_matrices(right, br, cr)
    multiply = run.domain.operations["mul"]
    out: list[Any] = []
    for rows, columns in zip(a, b, strict=True):
        for row in rows:
            for column in columns:
                run.check_time()
                out.append(run.sum(list(run.map(multiply, row, column))))
    return run.made(at, operands, [pack(at.shapes[0], out)])


def _as_matrices(array: Elements, batch: Any, contracted: Any) -> Elements:
    """Batch × free × contracted."""
    free = [k for k in range(array.ndim) if k not in {*batch, *contracted}]
    sizes = [prod(array.shape[k] for k in axes) for axes in (batch, free, contracted)]
    return array.transpose([*batch, *free, *contracted]).reshape(sizes)


def _rows(run: Run, x: Value, axes: Any) -> list[list[Any]]:
    """The entries that fall together when `axes` are reduced away, one list a result."""
    (array,) = _arrays(run, [x])
    return [list(row) for row in _as_matrices(array, (), tuple(axes))[0]]


def _along(run: Run, name: str, x: Elements, at: Site) -> Elements:
    axis, backwards = at.equation.params["axis"], at.equation.params["reverse"]
    lines = np.moveaxis(x, axis, -1)
    flat = lines.reshape(prod(lines.shape[:-1]), lines.shape[-1])
    out = np.empty(flat.shape, object)
    for k, line in enumerate(flat):
        sums = _fold(run, name, list(line)[::-1] if backwards else list(line))
        out[k] = pack((len(sums),), sums[::-1] if backwards else sums)
    return np.moveaxis(out.reshape(lines.shape), -1, axis)


def _fold(run: Run, name: str, items: list[Any]) -> list[Any]:
    """Running results of a binary operation from the left."""
    operation, done = run.domain.operations[name], items[:1]
    for item in items[1:]:
        run.check_time()
        hole = next((e for e in (done[-1], item) if isinstance(e, Hole)), None)
        done.append(hole or operation(done[-1], item))
    return done


def _arrays(run: Run, operands: list[Value]) -> list[Elements]:
    return [o.elements if o.elements is not None else run.constants(o.known) for o in operands]


RULES: Mapping[str, Rule] = {
    **{primitive: elementwise(name) for primitive, name in ELEMENTWISE.items()},
    **dict.fromkeys(movement.MOVES, movement.move),
    **dict.fromkeys(UNCHANGED, unchanged),
    **choices.RULES,
    "pow": power,
    "integer_pow": integer_pow,
    "polynomial": polynomial,
    "convert_element_type": convert,
    "stop_gradient": stop_gradient,
    "reduce_sum": reduce_sum,
    "reduce_prod": reduce_prod,
    "cumsum": accumulate("add"),
    "cumprod": accumulate("mul"),
    "cumlogsumexp": cumlogsumexp,
    "dot_general": dot_general,
    "scatter-add": movement.scatter_add,
    "reduce_window_sum": movement.window_sum,
    "conv_general_dilated": movement.convolution,
}
"""Primitive → rule. Calls and loops are in `difflab.core.interpret`."""
