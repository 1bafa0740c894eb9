"""Complex numbers over any domain: pairs of two of its elements.

Over domains of real numbers each function stands as a formula of its real and imaginary part, a and b (Abramowitz &
Stegun 1964, sections 4.2 to 4.6), with the principal branches of Kahan ("Branch cuts for complex elementary functions",
1987), which are JAX's, too. A domain that holds a square root ι of −1 of its own, such as a finite field, splits: with
u = a + ιb and v = a − ιb the map a + ib ↦ (u, v) is an isomorphism of rings, and a function with f(z̄) = conj f(z)
becomes f(u) and f(v). All relations that the domain keeps among its own functions then hold for complex ones.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own, and JAX's functions are typed in part only.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from difflab.core.domains import DERIVED, Domain, Operation


@dataclass(frozen=True, slots=True, eq=False)
class Complex:
    """A complex number: real and imaginary part, elements of one domain."""

    re: Any
    im: Any


FORMULAS: Mapping[str, tuple[str, str]] = {
    "neg": ("-a", "-b"),
    "conj": ("a", "-b"),
    "exp": ("exp(a)*cos(b)", "exp(a)*sin(b)"),
    "expm1": ("expm1(a)*cos(b) - 2*square(sin(b/2))", "exp(a)*sin(b)"),
    "log": ("log(a*a + b*b)/2", "atan2(b, a)"),
    "log1p": ("log1p(a*(2 + a) + b*b)/2", "atan2(b, 1 + a)"),
    "sin": ("sin(a)*cosh(b)", "cos(a)*sinh(b)"),
    "cos": ("cos(a)*cosh(b)", "-(sin(a)*sinh(b))"),
    "sinh": ("sinh(a)*cos(b)", "cosh(a)*sin(b)"),
    "cosh": ("cosh(a)*cos(b)", "sinh(a)*sin(b)"),
}
"""Operation → real and imaginary part of the result at a + ib, in operations of the domain underneath."""

PRODUCTS: Mapping[str, tuple[str, str]] = {
    "add": ("a + c", "b + d"),
    "sub": ("a - c", "b - d"),
    "mul": ("a*c - b*d", "a*d + b*c"),
    "div": ("(a*c + b*d)/(c*c + d*d)", "(b*c - a*d)/(c*c + d*d)"),
}
"""The same for two operands, a + ib and c + id."""

CUTS = "sqrt rsqrt log log1p log2 pow asin acos atan asinh acosh atanh".split()
"""Functions with a branch cut, on the real or the imaginary axis."""

_SPLIT = ("exp expm1 exp2 log2 sin cos tan sinh cosh tanh logistic one_minus_square " + " ".join(CUTS)).split()


_ENTIRE = "exp sin cos sinh cosh".split()


def complex_over(base: Domain) -> Domain:
    """Complex numbers whose parts are elements of `base`. `modulus` and `real`, `imag` return elements of `base`.

    >>> from difflab.core.domains import floats
    >>> z = complex_over(floats()).operations["sqrt"](Complex(-4.0, 0.0))
    >>> (z.re, z.im)
    (0.0, 2.0)
    """
    table: dict[str, Operation] = {"real": lambda z: z.re, "imag": lambda z: z.im}
    for rows, letters in ((FORMULAS, "ab"), (PRODUCTS, "abcd")):
        for name, parts in rows.items():
            found = _by_parts(base, parts, letters)
            table |= {name: found} if found else {}
    table["sum"] = lambda items: Complex(base.sum([z.re for z in items]), base.sum([z.im for z in items]))
    table |= _modulus(base)
    table["dot"] = lambda left, right: _dot(base, left, right)
    unit = base.operation("imaginary_unit")
    table |= _split(base, unit(), table) if unit else _principal(base, table)

    def constant(value: Any) -> Complex:
        return Complex(base.constant(value.real), base.constant(value.imag))

    return Domain(
        f"complex numbers over {base.name}", constant, table,
        freeze=lambda z: Complex(base.freeze(z.re), base.freeze(z.im)),
    )  # fmt: skip


def _by_parts(base: Domain, parts: tuple[str, str], letters: str) -> Operation | None:
    real, imaginary = (base.formula(part, tuple(letters)) for part in parts)
    if real is None or imaginary is None:
        return None

    def apply(*operands: Complex) -> Complex:
        flat = [part for z in operands for part in (z.re, z.im)]
        return Complex(real(*flat), imaginary(*flat))

    return apply


def _modulus(base: Domain) -> dict[str, Operation]:
    modulus = base.formula("sqrt(a*a + b*b)", ("a", "b"))
    return {"modulus": lambda z: modulus(z.re, z.im)} if modulus else {}


def _dot(base: Domain, left: Sequence[Complex], right: Sequence[Complex]) -> Complex:
    minus = base.operations["neg"]
    a, b, c, d = [x.re for x in left], [x.im for x in left], [y.re for y in right], [y.im for y in right]
    return Complex(base.dot([*a, *map(minus, b)], [*c, *d]), base.dot([*a, *b], [*d, *c]))


def _split(base: Domain, unit: Any, formulas: Mapping[str, Operation]) -> dict[str, Operation]:
    """Functions as two functions of the domain, of a + ιb and of a − ιb.

    Of imaginary numbers the formulas are taken, so that e^{ib} and cos b + i sin b are one and the same. acosh is
    written out: √(z + 1)·√(z − 1), not √(z² − 1) in the left half plane, is more than its real derivative tells.
    """
    ops = base.operations
    half = ops["div"](base.constant(1), base.constant(2))
    turned = ops["neg"](ops["mul"](unit, half))

    def lift(function: Operation) -> Operation:
        def apply(*operands: Complex) -> Complex:
            turns = [ops["mul"](unit, z.im) for z in operands]
            first = function(*[ops["add"](z.re, t) for z, t in zip(operands, turns, strict=True)])
            second = function(*[ops["sub"](z.re, t) for z, t in zip(operands, turns, strict=True)])
            real, imaginary = ops["add"](first, second), ops["sub"](first, second)
            return Complex(ops["mul"](real, half), ops["mul"](imaginary, turned))

        return apply

    def choose(split: Operation, formula: Operation | None) -> Operation:
        return lambda z: formula(z) if formula and _bare(z.re) == zero else split(z)

    zero = _bare(base.constant(0))
    known = {name: lift(function) for name in _SPLIT if (function := base.operation(name))}
    bare = Domain("", lambda value: Complex(base.constant(value), base.constant(0)), {**formulas, **known})
    acosh = bare.formula(_ACOSH, ("x",))
    known |= {"acosh": acosh} if acosh else {}
    return known | {name: choose(known[name], formulas.get(name)) for name in _ENTIRE if name in known}


def _bare(element: Any) -> Any:
    """The number itself, without tangents and shadows."""
    while hasattr(element, "value"):
        element = element.value
    return element


def _principal(base: Domain, table: Mapping[str, Operation]) -> dict[str, Operation]:
    """Square roots, and the inverse functions by logarithms, on their principal branches."""
    order = base.order
    root = _square_root(base)
    if root is None or "log" not in table:
        return {}
    bare = Domain("", lambda value: Complex(base.constant(value), base.constant(0)), {**table, "sqrt": root})
    negate = base.operations["neg"]
    found: dict[str, Operation] = {"sqrt": root}

    def left(z: Complex) -> bool:
        return order is not None and order(z.re) < 0

    def odd(function: Operation) -> Operation:
        return lambda z: table["neg"](function(table["neg"](z))) if left(z) else function(z)

    def turned(function: Operation) -> Operation:
        """f(iz)/i."""

        def apply(z: Complex) -> Complex:
            w = function(Complex(negate(z.im), z.re))
            return Complex(w.im, negate(w.re))

        return apply

    asinh, acosh, atanh = (bare.formula(text, ("x",)) for text in (DERIVED["asinh"], _ACOSH, _ATANH))
    assert asinh and acosh and atanh
    found |= {"asinh": odd(asinh), "acosh": acosh, "atanh": atanh}
    found |= {"asin": turned(found["asinh"]), "atan": turned(atanh)}
    quarter = base.operation("acos")
    if quarter:
        found["acos"] = lambda z: table["sub"](Complex(quarter(base.constant(0)), base.constant(0)), found["asin"](z))
    return found


_ACOSH = "log(x + sqrt(x + 1)*sqrt(x - 1))"
_ATANH = "(log1p(x) - log1p(-x))/2"


def _square_root(base: Domain) -> Operation | None:
    """√z = t + i b/2t with t = √((|z| + a)/2), or from the imaginary part where a < 0, so that nothing cancels."""
    order = base.order
    right = base.formula("sqrt((sqrt(a*a + b*b) + a)/2)", ("a", "b"))
    left = base.formula("sqrt((sqrt(a*a + b*b) - a)/2)", ("a", "b"))
    if right is None or left is None:
        return None
    ratio = base.formula("b/(2*t)", ("b", "t"))
    assert ratio is not None

    def apply(z: Complex, negative: bool | None = None) -> Complex:
        if order is not None:
            negative = order(z.re) < 0
            if order(z.re) == 0 and order(z.im) == 0:
                pole = right(z.re, z.im)
                return Complex(pole, pole)
        if not negative:
            t = right(z.re, z.im)
            return Complex(t, ratio(z.im, t))
        t = left(z.re, z.im)
        t = base.operations["neg"](t) if order is not None and order(z.im) < 0 else t
        return Complex(ratio(z.im, t), t)

    return apply
