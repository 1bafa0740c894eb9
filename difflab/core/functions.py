"""Transcendental functions of modular numbers: random, but for the relations that hold for all real numbers.

Encoded are exp(−a) = 1/exp(a), exp(log a) = a and log(exp a) = a, log(1/a) = −log a, √a² = a, xʸ⁺ⁿ = xʸ·xⁿ, parities,
sin² + cos² = 1 and all that follows from sin, cos = (cis ∓ 1/cis)/2, functions after their inverses, erf⁻¹. A value
that a relation tells is noted down before any is drawn. Not encoded: √a·√b = √(ab) and log(ab) = log a + log b (false
for negative factors, whose sign a field does not know) and, unless the numbers are additive, exp(a + b) =
exp(a)·exp(b). Relations: "NIST Digital Library of Mathematical Functions", chapters 4, 5, 7 and 10
(https://dlmf.nist.gov).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

# Elements of a domain have no type of their own.

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from difflab.core.domains import Operation
from difflab.core.modular import limit
from difflab.core.towers import BROKEN, MINUS_INFINITY, Special

_NEAR = (1, -1, 2, -2, 3, -3, 4, -4)


class Functions:
    """Functions over modular numbers `n`, with all that was asked so far."""

    def __init__(self, n: Any) -> None:
        self.n = n
        self.one, self.zero, self.half = n.constant(1), n.constant(0), n.constant(Fraction(1, 2))
        unit = n.unity(1, 8)
        self.i = n.power(unit, 2)
        self.over_2i = n.power(n.add(self.i, self.i), -1)
        self._known: dict[str, dict[Any, Any]] = {
            name: {} for name in ("exp", "log", "cis", "sqrt", "root of", "pow", "erf", "erf_inv")
        }
        self._waiting: dict[str, dict[Any, Callable[[], Any]]] = {"exp": {}, "cis": {}}
        self._set_pi(unit)

    @property
    def roots_taken(self) -> int:
        """Of how many arguments a square root was drawn: its sign is right with probability ½."""
        return len(self._known["root of"])

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        named = "exp log sqrt sin cos tan sinh cosh tanh asin acos atan atan2 atanh erf erf_inv pow cis".split()
        odd, even = ("bessel_i1e",), ("bessel_i0e",)
        table: dict[str, Operation] = {name: getattr(self, name) for name in named}
        table |= {name: self._parity(name, True) for name in odd} | {name: self._parity(name, False) for name in even}
        return table | {
            "cbrt": self.n.cbrt,
            "exp2": lambda x: self.pow(self.n.constant(2), x),
            "pi": lambda: self.pi,
            "imaginary_unit": lambda: self.i,
            "log1p": lambda x: self.log(self.n.add(self.one, x)),
            "lgamma": self._plain("lgamma"),
            "polygamma": self._plain("polygamma"),
            "igamma": self._plain("igamma"),
            "igamma_grad_a": self._plain("igamma_grad_a"),
            "zeta": self._plain("zeta"),
            "regularized_incomplete_beta": self._plain("regularized_incomplete_beta"),
            "oracle": self.n.oracle,
            "root_of_unity": self.root_of_unity,
        }

    def exp(self, x: Any) -> Any:
        """A random element, with exp(−x) = 1/exp(x) and whatever relations told before."""
        if isinstance(x, Special):
            return self._limit("exp", x)
        known = self._known["exp"]
        if x not in known:
            minus = self.n.neg(x)
            value = None if minus in known else self._told("exp", x, minus)
            if value is not None:
                self._note_exp(x, value)
            elif minus in known or (self.n.negative(x) and not self.n.additive):
                known[x] = self.n.power(self._new_exp(minus), -1)
            else:
                self._new_exp(x)
        return known[x]

    def log(self, x: Any) -> Any:
        """A random element, with log(1/x) = −log x and log(exp a) = a; of small fractions by their prime factors."""
        if isinstance(x, Special):
            return self._limit("log", x)
        if x == self.zero:
            return MINUS_INFINITY
        known = self._known["log"]
        if x not in known and self._logarithm(x) is None:
            made = self._new_log(x)
            self._note_exp(made, x)
            self._expect("exp", self.n.mul(made, self.half), lambda: self.sqrt(x))
        return known[x]

    def sqrt(self, x: Any) -> Any:
        """A root, the same for the same argument; √exp(u) = exp(u/2)."""
        if isinstance(x, Special):
            return self._limit("sqrt", x)
        known = self._known["sqrt"]
        if x not in known:
            u = self._logarithm(x)
            if u is not None and self.n.additive and not self.n.drawn(u):
                known[x] = self.exp(self.n.mul(u, self.half))
                return known[x]
            known[x] = root = self.n.sqrt(x)
            if not isinstance(root, Special) and self.n.small(root) is None:
                self._known["root of"][root] = x
                if u is not None:
                    self._note_exp(self.n.mul(u, self.half), root)
        return known[x]

    def cis(self, x: Any) -> Any:
        """cos x + i sin x, with i = √−1 of the field."""
        if isinstance(x, Special):
            return BROKEN
        known = self._known["cis"]
        if x not in known:
            minus = self.n.neg(x)
            value = self._told("cis", x, minus)
            if value is None:
                flip = self.n.negative(x) and not self.n.additive
                value = self.n.fresh_cis(minus if flip else x)
                value = self.n.power(value, -1) if flip else value
            known[x], known[minus] = value, self.n.power(value, -1)
        return known[x]

    def pow(self, x: Any, y: Any) -> Any:
        """exp(y log x); exact for small y in ℤ, ℤ/2 and ℤ/3, and xʸ⁺ⁿ = xʸ·xⁿ."""
        if isinstance(x, Special) or isinstance(y, Special):
            return BROKEN
        step = self.n.small(y)
        if step is not None and step.denominator in (1, 2, 3):
            root = (None, lambda a: a, self.sqrt, self.n.cbrt)[step.denominator]
            return self.n.power(root(x), step.numerator) if root else BROKEN
        known = self._known["pow"]
        if (x, y) not in known:
            near = ((n, known.get((x, self.n.sub(y, self.n.constant(n))))) for n in _NEAR)
            told = next((self.n.mul(value, self.n.power(x, n)) for n, value in near if value is not None), None)
            known[x, y] = self.exp(self.n.mul(y, self.log(x))) if told is None else told
        return known[x, y]

    def sin(self, x: Any) -> Any:
        """(cis − 1/cis) / 2i."""
        return self.n.mul(self.n.sub(*self._turns(x)), self.over_2i)

    def cos(self, x: Any) -> Any:
        """(cis + 1/cis) / 2."""
        return self.n.mul(self.n.add(*self._turns(x)), self.half)

    def tan(self, x: Any) -> Any:
        """sin / cos."""
        return self.n.div(self.sin(x), self.cos(x))

    def sinh(self, x: Any) -> Any:
        """(exp x − 1/exp x) / 2."""
        return self.n.mul(self.n.sub(*self._growth(x)), self.half)

    def cosh(self, x: Any) -> Any:
        """(exp x + 1/exp x) / 2."""
        return self.n.mul(self.n.add(*self._growth(x)), self.half)

    def tanh(self, x: Any) -> Any:
        """sinh / cosh, with one division."""
        if isinstance(x, Special):
            return self._limit("tanh", x)
        square = self.n.power(self.exp(x), 2)
        return self.n.div(self.n.sub(square, self.one), self.n.add(square, self.one))

    def asin(self, x: Any) -> Any:
        """Odd; cis(asin x) = √(1 − x²) + i x."""
        value = self._odd("asin", x)
        return self._expect("cis", value, lambda: self._turn(self._leg(x), x))

    def acos(self, x: Any) -> Any:
        """π/2 − asin x."""
        value = self.n.sub(self.n.mul(self.pi, self.half), self.asin(x))
        return self._expect("cis", value, lambda: self._turn(x, self._leg(x)))

    def atan(self, x: Any) -> Any:
        """Odd; cis(atan x) = (1 + i x) / √(1 + x²)."""
        value = self._odd("atan", x)
        return self._expect("cis", value, lambda: self._direction(self.one, x))

    def atan2(self, y: Any, x: Any) -> Any:
        """Odd in y; cis(atan2(y, x)) = (x + i y) / √(x² + y²)."""
        value = self._odd("atan2", y, x)
        return self._expect("cis", value, lambda: self._direction(x, y))

    def atanh(self, x: Any) -> Any:
        """½ log(1 + x) − ½ log(1 − x); exp of it is √((1 + x)/(1 − x))."""
        above, below = self.n.add(self.one, x), self.n.sub(self.one, x)
        value = self.n.sub(*[self.n.mul(self.log(e), self.half) for e in (above, below)])
        return self._expect("exp", value, lambda: self.sqrt(self.n.div(above, below)))

    def erf(self, x: Any) -> Any:
        """Odd."""
        return self._limit("erf", x) if isinstance(x, Special) else self._both_ways("erf", "erf_inv", x)

    def erf_inv(self, x: Any) -> Any:
        """Odd, and the inverse of erf."""
        return self._both_ways("erf_inv", "erf", x)

    def root_of_unity(self, k: int, n: int) -> tuple[Any, Any]:
        """cos and sin of 2πk/n; where the field has no such root they are random, with sin² + cos² = 1."""
        angle = Fraction(k % n, n)
        turn = self.n.unity(angle.numerator, angle.denominator)
        if turn is None:
            flip = angle > Fraction(1, 2)
            turn = self.n.oracle(f"turn by {1 - angle if flip else angle}")
            turn = self.n.power(turn, -1) if flip else turn
        back = self.n.power(turn, -1)
        return self.n.mul(self.n.add(turn, back), self.half), self.n.mul(self.n.sub(turn, back), self.over_2i)

    def _set_pi(self, unit: Any) -> None:
        """π as the square of its root; √2 and cis(π/4), …, 2π as they belong together."""
        n = self.n
        self.pi = n.pi()
        two, root, roots = n.constant(2), n.pi_root(), self._known["sqrt"]
        both = n.add(unit, n.power(unit, -1))
        roots |= {two: both, n.constant(Fraction(1, 2)): n.power(both, -1)}
        for scale, side in ((self.one, self.one), (two, both), (n.constant(Fraction(1, 2)), n.power(both, -1))):
            roots[n.mul(self.pi, scale)] = n.mul(root, side)
            roots[n.div(scale, self.pi)] = n.div(side, root)
        if not n.additive:
            for k in range(-8, 9):
                self._known["cis"][n.mul(n.constant(Fraction(k, 4)), self.pi)] = n.power(unit, k)
        for k in (-2, -1, 1, 2):
            scaled = n.mul(n.power(two, k), self.pi)
            self._note_exp(n.add(n.mul(n.constant(k), self.log(two)), self.log(self.pi)), scaled)

    def _new_log(self, x: Any) -> Any:
        number = self.n.small(x)
        if number is not None and (factors := _factors(number)) is not None:
            if len(factors) == 1 and abs(number) in factors:
                return self.n.fresh_log(x)
            terms = (self.n.mul(self.n.constant(e), self.log(self.n.constant(q))) for q, e in factors.items())
            return self._total(terms)
        square = self._known["root of"].get(x)
        if square is not None:
            return self.n.mul(self.log(square), self.half)
        return self.n.fresh_log(x)

    def _total(self, terms: Any) -> Any:
        total = self.zero
        for term in terms:
            total = self.n.add(total, term)
        return total

    def _note_exp(self, x: Any, value: Any) -> None:
        """Keep that exp(x) = `value`; of −x it is found when asked for, since an inverse takes long."""
        exps, minus = self._known["exp"], self.n.neg(x)
        exps.setdefault(x, self.n.power(exps[minus], -1) if minus in exps else value)
        if self._logarithm(value) is None:
            self._known["log"][value] = x

    def _new_exp(self, x: Any) -> Any:
        known = self._known["exp"]
        if x not in known:
            known[x] = value = self.n.fresh_exp(x, self.sqrt)
            self._known["log"].setdefault(value, x)
        return known[x]

    def _logarithm(self, x: Any) -> Any:
        """A logarithm that is known already, of the number or of its inverse."""
        known = self._known["log"]
        if x not in known and x != self.zero:
            minus = known.get(self.n.power(x, -1))
            if minus is not None:
                known[x] = self.n.neg(minus)
        return known.get(x)

    def _turns(self, x: Any) -> tuple[Any, Any]:
        """cis x and its inverse."""
        turn = self.cis(x)
        return turn, turn if isinstance(turn, Special) else self._known["cis"][self.n.neg(x)]

    def _growth(self, x: Any) -> tuple[Any, Any]:
        """exp x and its inverse."""
        e = self.exp(x)
        return e, self.n.power(e, -1) if isinstance(x, Special) else self.exp(self.n.neg(x))

    def _told(self, name: str, x: Any, minus: Any) -> Any:
        """What a relation says about the value at x or −x."""
        if x == self.zero:
            return self.one
        waiting = self._waiting[name]
        if x in waiting:
            return waiting[x]()
        return self.n.power(waiting[minus](), -1) if minus in waiting else None

    def _expect(self, name: str, argument: Any, value: Callable[[], Any]) -> Any:
        if not isinstance(argument, Special) and argument != self.zero:
            self._waiting[name].setdefault(argument, value)
        return argument

    def _both_ways(self, name: str, inverse: str, x: Any) -> Any:
        if isinstance(x, Special):
            return BROKEN
        known = self._known[name]
        if x not in known:
            known[x] = value = self._odd(name, x)
            self._known[inverse].setdefault(value, x)
            minus = self.n.neg(x), self.n.neg(value)
            known.setdefault(*minus)
            self._known[inverse].setdefault(*reversed(minus))
        return known[x]

    def _odd(self, name: str, x: Any, *rest: Any) -> Any:
        if isinstance(x, Special) or any(isinstance(y, Special) for y in rest):
            return BROKEN
        if x == self.zero and not rest:
            return self.zero
        if self.n.negative(x):
            return self.n.neg(self.n.oracle(name, self.n.neg(x), *rest))
        return self.n.oracle(name, x, *rest)

    def _parity(self, name: str, odd: bool) -> Operation:
        def even_value(x: Any) -> Any:
            if isinstance(x, Special):
                return self._limit(name, x)
            return self.n.oracle(name, self.n.neg(x) if self.n.negative(x) else x)

        return (lambda x: self._odd(name, x)) if odd else even_value

    def _plain(self, name: str) -> Operation:
        return lambda *xs: BROKEN if any(isinstance(x, Special) for x in xs) else self.n.oracle(name, *xs)

    def _limit(self, name: str, x: Special) -> Any:
        value = limit(name, x)
        return self.n.constant(value) if isinstance(value, int) else value

    def _leg(self, x: Any) -> Any:
        return self.sqrt(self.n.sub(self.one, self.n.mul(x, x)))

    def _turn(self, re: Any, im: Any) -> Any:
        return self.n.add(re, self.n.mul(self.i, im))

    def _direction(self, re: Any, im: Any) -> Any:
        size = self.sqrt(self.n.add(self.n.mul(re, re), self.n.mul(im, im)))
        return self.n.div(self._turn(re, im), size)


def _factors(number: Fraction) -> dict[int, int] | None:
    """Prime factors of a positive fraction of smooth numbers, with their exponents."""
    if number <= 0:
        return None
    found: dict[int, int] = {}
    for rest, sign in ((number.numerator, 1), (number.denominator, -1)):
        for q in range(2, 1000):
            while rest % q == 0:
                found[q] = found.get(q, 0) + sign
                rest //= q
        if rest > 1:
            if rest >= 1000**2:
                return None
            found[rest] = found.get(rest, 0) + sign
    return found
