"""What must hold between prices and greeks, whatever the numbers."""

import math

from difflab import zoo


def test_the_fact_holds(verify):
    verify()


def homogeneity(problem, fact, measure):
    spot, strike, *_ = (float(a) for a in problem.arguments())
    delta, dual_delta = measure.jacobian(problem)[0, :2]
    measure.close(spot * delta + strike * dual_delta, measure.value(problem)[0], scale=spot)


def parity(problem, fact, measure):
    """With negative volatility the formula gives minus the price of the put."""
    spot, strike, rate, volatility, maturity = problem.arguments()
    call = measure.value(problem)
    put = -measure.value(problem, spot, strike, rate, -volatility, maturity)
    measure.close(call - put, [float(spot) - float(strike) * math.exp(-float(rate * maturity))], scale=40.0)


def symmetric_jacobian(problem, fact, measure):
    hessian = measure.jacobian(problem)
    measure.close(hessian, hessian.T)
    measure.close(measure.value(problem), measure.jacobian(zoo.load("black_scholes"), mode="forward")[0])


def black_scholes_equation(problem, fact, measure):
    spot, _, rate, volatility, _ = (float(a) for a in problem.arguments())
    delta, _, _, _, theta = measure.value(problem)
    gamma = measure.jacobian(problem)[0, 0]
    price = measure.value(zoo.load("black_scholes"))[0]
    measure.close(theta, volatility**2 * spot**2 * gamma / 2 + rate * spot * delta - rate * price)


CHECKS = {
    "homogeneity": homogeneity,
    "parity": parity,
    "symmetric_jacobian": symmetric_jacobian,
    "black_scholes_equation": black_scholes_equation,
}
