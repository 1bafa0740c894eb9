"""The Black-Scholes price of a European call and its sensitivities, which traders call the greeks.

With d1 = (log(S/K) + (r + s^2/2) T) / (s sqrt T) and d2 = d1 - s sqrt T the price is S N(d1) - K exp(-rT) N(d2), N
being the normal distribution function. First derivatives are delta, dual delta, rho, vega and theta (here with respect
to the time left); `black_scholes_greeks` takes them by JAX inside the function, so its Jacobian is a second derivative.

Source: F. Black and M. Scholes, J. Political Economy 81 (1973) 637-654, doi:10.1086/260062; the example point (call
4.76, put 0.81) is that of J. Hull, Options, Futures, and Other Derivatives, chapter on the Black-Scholes-Merton model.
Lohoff and Neftci, arXiv:2406.05027, use the 5-to-5 form.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf

from .point import Scalar, at
from .problem import Problem


def black_scholes(spot: Scalar, strike: Scalar, rate: Scalar, volatility: Scalar, maturity: Scalar) -> Scalar:
    """Return the price of a European call option without dividends."""
    spread = volatility * jnp.sqrt(maturity)
    d1 = (jnp.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / spread
    d2 = d1 - spread
    discount = jnp.exp(-rate * maturity)
    return spot * _normal(d1) - strike * discount * _normal(d2)


def black_scholes_greeks(
    spot: Scalar, strike: Scalar, rate: Scalar, volatility: Scalar, maturity: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar]:
    """Return the derivatives of the call price with respect to its five arguments, by reverse mode."""
    return jax.grad(black_scholes, argnums=(0, 1, 2, 3, 4))(spot, strike, rate, volatility, maturity)


def _normal(x: Scalar) -> Scalar:
    return 0.5 * (1 + erf(x / math.sqrt(2)))


def _terms(*arguments):
    spot, strike, rate, volatility, maturity = (float(value) for value in arguments)
    root = math.sqrt(maturity)
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * maturity) / (volatility * root)
    d2 = d1 - volatility * root
    cumulative = [0.5 * math.erfc(-d / math.sqrt(2)) for d in (d1, d2)]
    density = [math.exp(-(d**2) / 2) / math.sqrt(2 * math.pi) for d in (d1, d2)]
    return d1, d2, cumulative, density, math.exp(-rate * maturity)


def _greeks(spot, strike, rate, volatility, maturity):
    s, k, r, v, t = (float(value) for value in (spot, strike, rate, volatility, maturity))
    _, _, (n1, n2), (density1, _), discount = _terms(s, k, r, v, t)
    theta = s * density1 * v / (2 * math.sqrt(t)) + r * k * discount * n2
    return np.array([[n1, -discount * n2, k * t * discount * n2, s * density1 * math.sqrt(t), theta]])


def _second_greeks(spot, strike, rate, volatility, maturity):
    """The Hessian: product rule on each greek, with the gradients of d1, d2 and the discount written out."""
    s, k, r, v, t = (float(value) for value in (spot, strike, rate, volatility, maturity))
    d1, d2, (_, n2), (density1, density2), discount = _terms(s, k, r, v, t)
    root = math.sqrt(t)
    slope1 = np.array([1 / (s * v * root), -1 / (k * v * root), root / v, -d2 / v, r / (v * root) - d2 / (2 * t)])
    slope2 = slope1 - np.array([0, 0, 0, root, v / (2 * root)])
    log_discount = np.array([0, 0, -t, 0, -r])
    unit = np.eye(5)
    tail = discount * (density2 * slope2 + n2 * log_discount)
    vega = s * density1 * root
    log_vega = np.array([1 / s, 0, 0, 0, 1 / (2 * t)]) - d1 * slope1
    rows = [
        density1 * slope1,
        -tail,
        k * t * tail + discount * n2 * (t * unit[1] + k * unit[4]),
        vega * log_vega,
        vega * v / (2 * t) * (log_vega + unit[3] / v - unit[4] / t)
        + r * k * tail
        + discount * n2 * (k * unit[2] + r * unit[1]),
    ]
    return np.array(rows)


_HULL = at(42.0, 40.0, 0.1, 0.2, 0.5)

PROBLEMS = (
    Problem(
        name="black_scholes",
        title="Price of a European call option",
        function=black_scholes,
        arguments=_HULL,
        source="Black and Scholes 1973, doi:10.1086/260062; point of Hull, Options, Futures, and Other Derivatives",
        facts={
            "inputs": 5,
            "outputs": 1,
            "value": (4.759422,),
            "homogeneity": "spot * delta + strike * dual delta = price",
            "parity": "a call less a put is spot - strike * discount",
        },
        tags=frozenset({"finance", "model"}),
        jacobian=_greeks,
    ),
    Problem(
        name="black_scholes_greeks",
        title="The five first-order greeks of a European call option",
        function=black_scholes_greeks,
        arguments=_HULL,
        source="Black and Scholes 1973, doi:10.1086/260062; Lohoff and Neftci 2024, arXiv:2406.05027",
        facts={
            "inputs": 5,
            "outputs": 5,
            "symmetric_jacobian": "its Jacobian is the Hessian of the price",
            "black_scholes_equation": "theta = volatility^2 spot^2 gamma / 2 + rate spot delta - rate price",
        },
        tags=frozenset({"benchmark", "finance", "model"}),
        jacobian=_second_greeks,
    ),
)
