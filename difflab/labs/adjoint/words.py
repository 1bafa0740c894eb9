"""What single operations are known for: where their slope is infinite or zero, and what one does about it."""

from __future__ import annotations

SINGULAR = {
    "sqrt": "√ has an infinite slope at 0",
    "rsqrt": "1/√ has a pole at 0",
    "cbrt": "the cube root has an infinite slope at 0",
    "log": "log has a pole at 0",
    "log1p": "log1p has a pole at −1",
    "div": "a quotient has a pole where its denominator is 0",
    "integer_pow": "a negative power has a pole at 0",
    "pow": "a power with an exponent below 1 has an infinite slope at 0",
    "acos": "arccos has an infinite slope at ±1",
    "asin": "arcsin has an infinite slope at ±1",
    "acosh": "arcosh has an infinite slope at 1",
    "atanh": "artanh has a pole at ±1",
    "erf_inv": "erfinv has a pole at ±1",
    "atan2": "arctan2 has no derivative at the origin",
    "lgamma": "lgamma has poles at 0, −1, −2, …",
    "digamma": "digamma has poles at 0, −1, −2, …",
    "tan": "tan has poles",
    "sign": "the sign of 0 has no derivative",
}
"""Primitive → where its slope is infinite."""

SAFE = {
    "sqrt": "jnp.sqrt({x} + 1e-12)  # or jnp.sum(x**2) in place of a norm, where the square will do",
    "rsqrt": "jax.lax.rsqrt({x} + 1e-12)",
    "log": "jnp.log({x} + 1e-12)  # or jax.scipy.special.xlogy for x·log x, jax.nn.log_softmax for a log of softmax",
    "log1p": "jnp.log1p(jnp.clip({x}, -1 + 1e-6))",
    "div": "a / (b + 1e-12)  # or guard b with a double where",
    "pow": "({x} + 1e-12) ** p  # with a Python integer as exponent, where it is one",
    "acos": "jnp.arccos(jnp.clip({x}, -1 + 1e-6, 1 - 1e-6))  # or jnp.arctan2 of sine and cosine",
    "asin": "jnp.arcsin(jnp.clip({x}, -1 + 1e-6, 1 - 1e-6))",
    "atanh": "jnp.arctanh(jnp.clip({x}, -1 + 1e-6, 1 - 1e-6))",
    "erf_inv": "jax.scipy.special.erfinv(jnp.clip({x}, -1 + 1e-6, 1 - 1e-6))",
}
"""Primitive → a form that stays away from the singular point."""

SINGULAR_EXPONENT = "the slope with respect to an exponent is xᵖ·log x, which no base ≤ 0 has"
SAFE_EXPONENT = "make the exponent a Python number (or static), so that no derivative is taken of it"

DOMAIN = {
    "log": "log needs a positive argument: jnp.log(jnp.maximum({x}, 1e-12)), or find out why it is negative",
    "log1p": "log1p needs an argument above −1",
    "sqrt": "√ needs an argument ≥ 0: jnp.sqrt(jnp.maximum({x}, 0.0) + 1e-12), or find out why it is negative",
    "rsqrt": "1/√ needs a positive argument",
    "pow": "a negative base needs an integer exponent: ** with a Python int, or jnp.abs of the base",
    "div": "0/0 has no value: guard both with jnp.where before dividing",
    "acos": "arccos needs an argument in [−1, 1]: jnp.clip({x}, -1 + 1e-6, 1 - 1e-6)",
    "asin": "arcsin needs an argument in [−1, 1]: jnp.clip({x}, -1 + 1e-6, 1 - 1e-6)",
    "atanh": "artanh needs an argument in (−1, 1): jnp.clip({x}, -1 + 1e-6, 1 - 1e-6)",
    "acosh": "arcosh needs an argument ≥ 1",
    "erf_inv": "erfinv needs an argument in [−1, 1]",
}
"""Primitive → where it is defined."""

CALLS = {
    "sqrt": "jnp.sqrt(safe)",
    "rsqrt": "jax.lax.rsqrt(safe)",
    "log": "jnp.log(safe)",
    "log1p": "jnp.log1p(safe)",
    "div": "a / safe",
    "pow": "safe ** p",
    "integer_pow": "safe ** p",
    "exp": "jnp.exp(safe)",
    "acos": "jnp.arccos(safe)",
    "asin": "jnp.arcsin(safe)",
    "atanh": "jnp.arctanh(safe)",
    "atan2": "jnp.arctan2(y, safe)",
    "erf_inv": "jax.scipy.special.erfinv(safe)",
    "eigh": "jnp.linalg.eigh(safe)",
}
"""Primitive → how one writes it."""

DEFAULT_SAFE = "keep {x} away from this point, with jnp.clip or by adding a small epsilon"

STABLE = {
    "exp": "subtract the maximum first: jax.nn.logsumexp, softmax, sigmoid and softplus do it for you",
    "exp2": "work with the exponents themselves, as jax.nn.logsumexp does",
    "div": "scale the numbers before dividing",
    "integer_pow": "scale before raising to a power, or work with logarithms",
    "pow": "scale before raising to a power, or work with logarithms",
    "reduce_prod": "sum logarithms in place of multiplying",
    "cumprod": "sum logarithms (jnp.cumsum of jnp.log) in place of multiplying",
    "dot_general": "scale the factors, or normalise between the layers",
}
"""Primitive → how one keeps it from overflowing."""

DEFAULT_STABLE = "scale the numbers, work with their logarithms, or use a wider dtype"

DECOMPOSITIONS = {
    "eigh",
    "eig",
    "svd",
    "qr",
    "lu",
    "cholesky",
    "triangular_solve",
    "schur",
    "householder_product",
    "custom_linear_solve",
}
"""Linear algebra whose derivative divides by gaps of eigenvalues, or by pivots."""

CHOOSERS = {"select_n", "max", "min", "clamp", "reduce_max", "reduce_min", "sort", "cummax", "cummin"}
"""Operations that pass one of several values on, and send the others a cotangent of 0."""

BILINEAR = {"mul", "dot_general", "conv_general_dilated"}
"""Operations whose slope in one operand is the other operand."""

STEPS = {
    "floor": "floor is constant between its steps",
    "ceil": "ceil is constant between its steps",
    "round": "round is constant between its steps",
    "sign": "sign is constant on either side of 0",
    "argmax": "argmax gives an index, which is constant nearby",
    "argmin": "argmin gives an index, which is constant nearby",
    "convert_element_type": "the conversion to {dtype} drops the fraction",
    "random_bits": "random bits do not depend smoothly on anything",
    "top_k": "the indices of top_k are constant nearby",
}
"""Primitive → why its derivative is zero everywhere."""

TAILS = {"tanh", "logistic", "erf", "erfc", "exp", "exp2", "atan"}
"""Operations that level out, so that their derivative can round to zero."""

SURROGATE = (
    "use a smooth surrogate (softmax for argmax, sigmoid for a comparison), or a straight-through estimate: "
    "x + jax.lax.stop_gradient(hard(x) - x)"
)
