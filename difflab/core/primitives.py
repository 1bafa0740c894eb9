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

from difflab.core import choices, fourier, movement, solvers, sorting, spectral, windows
from difflab.core.complexes import CUTS, Complex
from difflab.core.deciding import pairs
from difflab.core.run import Run, Site
from difflab.core.values import Elements, Hole, Value, pack

Rule = Callable[[Run, Site, list[Value]], list[Value]]
"""How one primitive is interpreted."""

ELEMENTWISE: Mapping[str, str] = {
    name: name
    for name in (
        "add sub mul div neg square one_minus_square sqrt rsqrt exp exp2 expm1 log log1p sin cos tan asin acos atan "
        "atan2 sinh cosh tanh asinh acosh atanh logistic erf erfc erf_inv lgamma digamma polygamma zeta igamma "
        "igammac igamma_grad_a regularized_incomplete_beta bessel_i0e bessel_i1e log2"
    ).split()
} | {"add_any": "add"}
"""Primitive → operation of the domain."""

UNCHANGED = (
    "copy copy_p device_put name optimization_barrier reduce_precision pvary reduced_vary_cast sharding_constraint "
    "layout_constraint reshard with_memory_space_constraint pin unpin"
).split()
"""Primitives that hand their operands on."""


def elementwise(name: str) -> Rule:
    """The rule of an operation of the domain."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        domain = run.over(at.dtypes[0])
        operation = domain.operation(name)
        arrays = _arrays(run, operands)
        if operation is None:
            return run.holes(at, operands, f"{domain.name} have no {name}")
        if at.dtypes[0].startswith("complex") and name in CUTS:
            record_cut(run, at, operands[0], name)
        return run.made(at, operands, [run.map(operation, *arrays)])

    return rule


def integer_pow(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """xⁿ for a fixed integer n."""
    power, n = run.over(at.dtypes[0]).operation("integer_pow"), int(at.equation.params["y"])
    assert power is not None
    return run.made(at, operands, [run.map(lambda x: power(x, n), *_arrays(run, operands))])


def power(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """xʸ; a fixed integer exponent is exact for negative bases, too."""
    y, domain = operands[1], run.over(at.dtypes[0])
    whole, raised = domain.operation("integer_pow"), domain.operation("pow")
    if y.active or whole is None:
        return elementwise("pow")(run, at, operands)
    if y.elements is None:
        y = Value(run.constants(np.asarray(y.known).astype(at.dtypes[0])), y.known)
    bases, given = _arrays(run, [operands[0], y])
    exponents = np.asarray(y.known, np.complex128)
    steps = pack(exponents.shape, [_whole(e) for e in exponents.reshape(-1).tolist()])
    if raised is None and any(n is None for n in steps.flat):
        return run.holes(at, operands, f"{domain.name} have no pow")
    if at.dtypes[0].startswith("complex") and any(n is None for n in steps.flat):
        record_cut(run, at, operands[0], "pow")
    return run.made(
        at,
        operands,
        [run.map(lambda a, b, n: raised(a, b) if n is None and raised else whole(a, n), bases, given, steps)],
    )


def polynomial(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Σ aₖ xᵏ by Horner's rule, which is what JAX does; operands are x, a₀, a₁, …"""
    operations = run.over(at.dtypes[0]).operations
    add, multiply = operations["add"], operations["mul"]
    x, *coefficients = _arrays(run, operands)
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = run.map(add, run.map(multiply, total, x), coefficient)
    return run.made(at, operands, [np.broadcast_to(total, at.shapes[0])])


def unchanged(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The operands themselves: rounding to fewer digits is no part of the mathematics."""
    return list(operands)


def convert(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Between float types nothing changes; from integers constants come; to integers the value is cut off.

    From real to complex a zero imaginary part is added; back to real the real part stays.
    """
    (x,) = operands
    if x.elements is None:
        exact = (
            not at.discrete[0]
            and x.known.dtype.kind in "iub"
            and bool((np.abs(np.asarray(x.known, float)) < 2**8).all())
        )
        return run.made(at, operands, [run.constants(x.known)]) if exact else run.concretely(at, operands)
    if at.discrete[0]:
        return choices.truncate(run, at, operands)
    source, target = at.reads[0].startswith("complex"), at.dtypes[0].startswith("complex")
    if source == target:
        return unchanged(run, at, operands)
    zero = run.domain.constant(0)
    return run.made(at, operands, [run.map((lambda z: z.re) if source else (lambda e: Complex(e, zero)), x.elements)])


def part(name: str) -> Rule:
    """The rule of the real or the imaginary part."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        return run.made(at, operands, [run.map(run.complexes.operations[name], *_arrays(run, operands))])

    return rule


def make_complex(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """A complex number from its parts."""
    return run.made(at, operands, [run.map(Complex, *_arrays(run, operands))])


def conjugate(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The conjugate; of a real number it is the same as a complex number."""
    zero = run.domain.constant(0)
    whole = at.reads[0].startswith("complex")
    function = run.complexes.operations["conj"] if whole else (lambda e: Complex(e, zero))
    return run.made(at, operands, [run.map(function, *_arrays(run, operands))])


def square_root(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """√x; domains of formulas are told in which half plane a complex x lies."""
    root, (x,) = run.over(at.dtypes[0]).operation("sqrt"), operands
    told = (
        at.dtypes[0].startswith("complex") and run.domain.order is None and not run.domain.operation("imaginary_unit")
    )
    if not told or root is None:
        return elementwise("sqrt")(run, at, operands)
    record_cut(run, at, x, "sqrt")
    left = pack(at.shapes[0], [bool(a < 0) for a, _ in pairs(run, x)])
    return run.made(at, operands, [run.map(root, *_arrays(run, operands), left)])


def record_cut(run: Run, at: Site, x: Value, name: str) -> None:
    """Note where a complex number lies on the branch cut of a function, which jumps there."""
    if x.active and any(_CUTS[name](a, b) for a, b in pairs(run, x)):
        run.decided(f"{at.label(0)} lies on the branch cut of {name}", at, True)


def _negative(a: Any, b: Any) -> bool:
    return b == 0 and a <= 0


def _outside(a: Any, b: Any) -> bool:
    return b == 0 and abs(a) >= 1


_CUTS: Mapping[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys("sqrt rsqrt log log2 pow".split(), _negative),
    **dict.fromkeys("asin acos atanh".split(), _outside),
    **dict.fromkeys("atan asinh".split(), lambda a, b: _outside(b, a)),
    "log1p": lambda a, b: b == 0 and a <= -1,
    "acosh": lambda a, b: b == 0 and a <= 1,
}
"""Whether a + ib lies on the cut of the function, its ends included."""


def _whole(exponent: complex) -> int | None:
    e = exponent.real
    return int(e) if exponent.imag == 0 and e == e and abs(e) < 1e9 and e == int(e) else None


def stop_gradient(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """The value as a constant, which is what JAX's derivative rules make of it."""
    made: list[Value] = []
    for operand in operands:
        if operand.elements is None or not operand.active:
            made.append(operand)
            continue
        frozen = run.map(run.over(at.dtypes[len(made)]).freeze, operand.elements)
        run.decided("stop_gradient holds a value constant", at)
        (value,) = run.made(at, [operand], [frozen])
        value.active = False
        made.append(value)
    return made


def reduce_sum(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sums over axes."""
    rows = _rows(run, operands[0], at.equation.params["axes"])
    return run.made(at, operands, [pack(at.shapes[0], [run.sum(row, at.dtypes[0]) for row in rows])])


def reduce_prod(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Products over axes."""
    rows = _rows(run, operands[0], at.equation.params["axes"])
    one = run.over(at.dtypes[0]).constant(1)
    return run.made(
        at,
        operands,
        [pack(at.shapes[0], [_fold(run, "mul", row, at)[-1] if row else one for row in rows])],
    )


def accumulate(name: str) -> Rule:
    """The rule of a running sum or product along an axis, perhaps from the end."""

    def rule(run: Run, at: Site, operands: list[Value]) -> list[Value]:
        (x,) = _arrays(run, operands)
        return run.made(at, operands, [_along(run, name, x, at)])

    return rule


def cumlogsumexp(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """log of the running sum of exp."""
    domain = run.over(at.dtypes[0])
    exp, log = domain.operation("exp"), domain.operation("log")
    if exp is None or log is None:
        return run.holes(at, operands, f"{domain.name} have no exp and log")
    (x,) = _arrays(run, operands)
    return run.made(at, operands, [run.map(log, _along(run, "add", run.map(exp, x), at))])


def dot_general(run: Run, at: Site, operands: list[Value]) -> list[Value]:
    """Sums of products over the contracted axes, for each index of the batch axes and of the free ones."""
    left, right = _arrays(run, operands)
    (cl, cr), (bl, br) = at.equation.params["dimension_numbers"]
    a, b = _as_matrices(left, bl, cl), _as_matrices(right, br, cr)
    out = [e for rows, columns in zip(a, b, strict=True) for e in run.dots(rows, columns, at.dtypes[0])]
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
        sums = _fold(run, name, list(line)[::-1] if backwards else list(line), at)
        out[k] = pack((len(sums),), sums[::-1] if backwards else sums)
    return np.moveaxis(out.reshape(lines.shape), -1, axis)


def _fold(run: Run, name: str, items: list[Any], at: Site) -> list[Any]:
    """Running results of a binary operation from the left."""
    operation, done = run.over(at.dtypes[0]).operations[name], items[:1]
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
    **solvers.RULES,
    **spectral.RULES,
    **sorting.RULES,
    **windows.RULES,
    **fourier.RULES,
    "sqrt": square_root,
    "real": part("real"),
    "imag": part("imag"),
    "complex": make_complex,
    "conj": conjugate,
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
    "conv_general_dilated": movement.bilinear,
    "ragged_dot_general": movement.bilinear,
}
"""Primitive → rule. Calls and loops are in `difflab.core.interpret`."""
