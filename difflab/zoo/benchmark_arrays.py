"""The tasks of vectors and matrices that AlphaGrad's elimination orders were learned on, equation for equation.

A gas-dynamic flux of one face, the loss of a small perceptron and of an encoder of two attention blocks, in the form in
which their authors count them; a departure from the mathematics is named in the function that has it. For the counts
the first two stand under `jax.vmap` with one member.

Sources: J. Lohoff and E. Neftci, arXiv:2406.05027 (the tasks); P. L. Roe, J. Comput. Phys. 43 (1981) 357-372; J. L. Ba,
J. R. Kiros and G. E. Hinton, arXiv:1607.06450 (layer norm); A. Vaswani et al., arXiv:1706.03762 (attention).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .point import Scalar, around, at
from .problem import Problem

HEAT_RATIO = 1.4

One = Float[Array, "1"]
Three = Float[Array, "3"]
Matrix = Float[Array, "_ _"]


def alphagrad_roe_flux_3d(
    density_left: One, momentum_left: Three, energy_left: One, density_right: One, momentum_right: Three,
    energy_right: One,
) -> tuple[One, Three, One]:  # fmt: skip
    """Return the fluxes of mass, momentum and energy through a face whose normal is the x-axis.

    The departures: component i of the momentum is carried by velocity i, not by the normal velocity; speeds keep their
    signs; the shear waves and the weights of the outer waves are not Roe's.
    """
    density_jump, momentum_jump = density_right - density_left, momentum_right - momentum_left
    jump_x, jump_y, jump_z = momentum_jump[0:1], momentum_jump[1:2], momentum_jump[2:]
    energy_jump = energy_right - energy_left
    velocity_left, velocity_right = momentum_left / density_left, momentum_right / density_right
    weight = jnp.sqrt(density_left) + jnp.sqrt(density_right)
    velocity = (jnp.sqrt(density_left) * velocity_left + jnp.sqrt(density_right) * velocity_right) / weight
    u, v, w = velocity[0:1], velocity[1:2], velocity[2:]
    pressure_left, enthalpy_left = _gas(density_left, momentum_left, energy_left)
    pressure_right, enthalpy_right = _gas(density_right, momentum_right, energy_right)
    enthalpy = (jnp.sqrt(density_left) * enthalpy_left + jnp.sqrt(density_right) * enthalpy_right) / weight
    speed_squared = jnp.sum(velocity**2)
    sound_squared = (HEAT_RATIO - 1) * (enthalpy - 0.5 * speed_squared)
    sound = jnp.sqrt(sound_squared)
    fast, slow = u + sound, u - sound

    heat = (HEAT_RATIO - 1) / sound_squared
    contact = heat * ((enthalpy - speed_squared) * density_jump + jnp.dot(velocity, momentum_jump) - energy_jump) * u
    shear_z = (jump_z / w - jump_x) * u
    shear_y = (jump_y / v - density_jump) * u
    mean, difference = density_jump - contact, (jump_x - u * density_jump) / sound
    backward = 0.5 * (mean - difference) * slow
    forward = 0.5 * (mean + difference) * fast

    left = _flux(momentum_left, velocity_left, energy_left, pressure_left)
    right = _flux(momentum_right, velocity_right, energy_right, pressure_right)
    mass_sum, momentum_sum, energy_sum = (a + b for a, b in zip(left, right, strict=True))
    mass_wave = backward + contact + forward * fast
    wave_x = backward * slow + contact * u + forward * fast
    wave_y = backward * v + shear_y * v + contact * v + forward * v
    wave_z = backward * w + shear_z * w + contact * w + forward * w
    energy_wave = (
        backward * (enthalpy - u * sound)
        + shear_y * v**2
        + shear_z * w**2
        + contact * 0.5 * speed_squared
        + forward * (enthalpy + u * sound)
    )
    momentum_wave = jnp.concatenate([wave_x, wave_y, wave_z])
    return 0.5 * (mass_sum - mass_wave), 0.5 * (momentum_sum - momentum_wave), 0.5 * (energy_sum - energy_wave)


def alphagrad_perceptron(
    inputs: Float[Array, " inputs"],
    targets: Float[Array, " classes"],
    weight1: Float[Array, "hidden inputs"],
    bias1: Float[Array, " hidden"],
    weight2: Float[Array, "classes hidden"],
    bias2: Float[Array, " classes"],
    scale: Scalar,
    shift: Scalar,
) -> Scalar:
    """Return the cross-entropy of softmax(tanh(W2 norm(tanh(W1 x + b1)) + b2)) of one example."""
    hidden = _normalised(jnp.tanh(weight1 @ inputs + bias1), scale, shift, axis=0)
    logits = jnp.tanh(weight2 @ hidden + bias2)
    return -jnp.sum(targets * jnp.log(_softmax(logits, axis=0)))


def alphagrad_encoder(
    tokens: Matrix, targets: Matrix, query1: Matrix, query2: Matrix, key1: Matrix, key2: Matrix, value1: Matrix,
    value2: Matrix, weight1: Matrix, weight2: Matrix, bias1: Float[Array, " _"], bias2: Float[Array, "_ 1"],
    scale1: Scalar, shift1: Scalar, scale2: Scalar, shift2: Scalar,
) -> Float[Array, " classes"]:  # fmt: skip
    """Return the cross-entropy of each row of two blocks of attention, layer norm and a dense layer with SiLU.

    The mean and the variance of row i are subtracted from and divide column i, as NumPy broadcasts them.
    """
    middle = _block(tokens, query1, key1, value1, weight1, bias1, scale1, shift1)
    outputs = _block(middle, query2, key2, value2, weight2, bias2, scale2, shift2)
    return -jnp.sum(targets * jnp.log(_softmax(outputs, axis=1)), axis=1)


def _block(
    x: Matrix, query: Matrix, key: Matrix, value: Matrix, weight: Matrix, bias: Float[Array, "*bias"], scale: Scalar,
    shift: Scalar,
) -> Matrix:  # fmt: skip
    queries, keys, values = query @ x, key @ x, value @ x
    attended = x + _softmax(queries.T @ keys, axis=1) @ values
    activation = weight @ _normalised(attended, scale, shift, axis=1) + bias
    return activation * (1.0 / (1.0 + jnp.exp(-activation)))


def _normalised(x: Float[Array, "*x"], scale: Scalar, shift: Scalar, axis: int) -> Float[Array, "*x"]:
    size = x.shape[axis]
    mean = jnp.sum(x, axis=axis) / size
    variance = jnp.sum((x - mean) ** 2, axis=axis) / size
    return (x - mean) / jnp.sqrt(variance + 1e-6) * scale + shift


def _softmax(x: Float[Array, "*x"], axis: int) -> Float[Array, "*x"]:
    largest = jax.lax.stop_gradient(jnp.max(x, axis=axis, keepdims=True, initial=-jnp.inf))
    weights = jnp.exp(x - largest)
    return weights / jnp.sum(weights, axis=axis, keepdims=True)


def _gas(density: One, momentum: Three, energy: One) -> tuple[One, One]:
    """Pressure and enthalpy of a state."""
    pressure = (HEAT_RATIO - 1) * (energy - 0.5 * jnp.sum(momentum**2) / density)
    return pressure, (energy + pressure) / density


def _flux(momentum: Three, velocity: Three, energy: One, pressure: One) -> tuple[One, Three, One]:
    """The Euler flux of a state along x."""
    normal = velocity[0:1]
    push = jnp.concatenate([pressure, jnp.zeros(2, dtype=pressure.dtype)])
    return momentum[0:1], push + momentum * velocity, normal * (pressure + energy)


def _weights(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).normal(size=shape) / np.sqrt(shape[-1])


_SOURCE = "Lohoff and Neftci 2024, arXiv:2406.05027; "
_TAGS = frozenset({"benchmark", "model"})
_STATES = (
    np.array([1.0]), np.array([0.75, 0.2, -0.1]), np.array([2.80625]),
    np.array([0.5]), np.array([0.2, 0.1, 0.05]), np.array([1.2625]),
)  # fmt: skip
_PERCEPTRON = (
    np.array([0.5, -1.0, 0.8, 0.3]), np.array([0.1, 0.2, 0.3, 0.4]), _weights(1, 8, 4), np.linspace(-0.2, 0.2, 8),
    _weights(2, 4, 8), np.linspace(-0.1, 0.1, 4), np.array(0.9), np.array(0.2),
)  # fmt: skip
_ENCODER = (
    _weights(3, 4, 4), np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.1, 0.2, 0.3]]),
    *(_weights(k, 4, 4) for k in range(4, 11)),
    _weights(11, 2, 4), np.linspace(-0.2, 0.2, 4), np.array([[0.1], [-0.1]]),
    np.array(0.9), np.array(0.2), np.array(1.1), np.array(-0.1),
)  # fmt: skip

PROBLEMS = (
    Problem(
        name="alphagrad_encoder",
        title="AlphaGrad's task Encoder: two blocks of attention",
        function=alphagrad_encoder,
        arguments=at(*_ENCODER),
        source=_SOURCE + "Vaswani et al. 2017, arXiv:1706.03762",
        facts={
            "inputs": 154,
            "outputs": 2,
            "task": "Encoder",
            "numpy_forward": "equal to a NumPy evaluation, token by token",
        },
        tags=_TAGS | {"network"},
        sample=around(*_ENCODER, by=0.1),
    ),
    Problem(
        name="alphagrad_perceptron",
        title="AlphaGrad's task Perceptron: one hidden layer, layer norm, cross-entropy",
        function=alphagrad_perceptron,
        arguments=at(*_PERCEPTRON),
        source=_SOURCE + "Ba, Kiros and Hinton 2016, arXiv:1607.06450",
        facts={
            "inputs": 86,
            "outputs": 1,
            "task": "Perceptron",
            "numpy_forward": "equal to a NumPy evaluation",
        },
        tags=_TAGS | {"network"},
        sample=around(*_PERCEPTRON, by=0.1, shared=range(2, 8)),
        in_axes=(0, 0, None, None, None, None, None, None),
    ),
    Problem(
        name="alphagrad_roe_flux_3d",
        title="AlphaGrad's task RoeFlux_3d: Roe's numerical flux for the 3-D Euler equations",
        function=alphagrad_roe_flux_3d,
        arguments=at(*_STATES),
        source=_SOURCE + "Roe 1981, doi:10.1016/0021-9991(81)90128-5",
        facts={
            "inputs": 10,
            "outputs": 5,
            "task": "RoeFlux_3d",
            "consistency": "between equal states mass, normal momentum and energy flow as in the Euler equations",
        },
        tags=_TAGS | {"physics"},
        sample=around(*_STATES, by=0.05),
    ),
)
