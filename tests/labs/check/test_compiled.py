"""Machine code is kept by the text of a program; programs that differ in a constant alone are two."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.labs.check.compiled import compiled


@pytest.mark.parametrize("make", [np.array, jnp.array])
@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("hidden", [False, True])
def test_constants_tell_programs_apart(make, size: int, hidden: bool):
    if hidden and not hasattr(jax.config, "jax_use_simplified_jaxpr_constants"):
        pytest.skip("this JAX writes constants into the program")
    before = getattr(jax.config, "jax_use_simplified_jaxpr_constants", False)
    x = jnp.ones(size)
    try:
        jax.config.update("jax_use_simplified_jaxpr_constants", hidden)
        for value in (2.0, 3.0):
            constant = make(np.full(size, value, np.float32))
            assert compiled(lambda x, c=constant: (x * c).sum(), [x])(x) == value * size
    finally:
        jax.config.update("jax_use_simplified_jaxpr_constants", before)


def test_a_new_function_with_the_same_program_is_not_compiled_again():
    first, second = (compiled(lambda x: jnp.sin(x) * 1.25, [1.0]) for _ in range(2))
    assert first is second
