"""A few lines that show one entry of a derivative again: paste them below the definition of the function."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from difflab.labs.check.problem import Problem

_LISTED = 64
"""Arrays of more entries are written as bytes."""

_LARGEST = 16384
"""Arrays of more bytes are not written at all."""


class _Code(str):
    """Text that shows as itself inside a printed tree."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def point_text(checked: Problem, leaves: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """The inputs that count, by name, exactly; larger arrays by shape and dtype."""
    return tuple((checked.at.paths[k], _number_text(leaves[k])) for k in checked.inputs)


def snippet(checked: Problem, mode: str, leaves: Sequence[Any], entry: tuple[int, ...], ad: str, true: str) -> str:
    """Python that evaluates one entry with JAX and prints the true value beside it.

    It needs the function under its own name, and nothing else.
    """
    at = checked.at
    variables = [path if path.isidentifier() else f"leaf{k}" for k, path in enumerate(at.paths)]
    output, row = place(checked.output_types, entry[0])
    arguments = [place(checked.input_types, column) for column in entry[1:]]
    lines = [f"{name} = {code(leaf)}" for name, leaf in zip(variables, leaves, strict=True)]
    names = [variables[checked.inputs[k]] for k, _ in arguments]
    unique = list(dict.fromkeys(names))
    lines += [f"{name} = jnp.asarray({name})" for name in unique]
    chosen = f"jax.tree.leaves({_call(checked, variables)})[{checked.outputs[output]}]"
    lines += [f"def _f({', '.join(unique)}):", f"    return {chosen}"]
    seeds = [
        f"jnp.zeros_like({name}).at[{_index(index)}].set({_unit(imaginary)})"
        for name, (_, (index, imaginary)) in zip(names, arguments, strict=True)
    ]
    cotangent = f"jnp.zeros_like(_y).at[{_index(row[0])}].set({_unit(row[1], conjugate=True)})"
    lines += _LINES[mode](_Parts(unique, names, seeds, cotangent, row, [a for _, a in arguments]))
    return "\n".join(
        [
            "import jax",
            "import jax.numpy as jnp",
            *(['jax.config.update("jax_enable_x64", True)'] if jax.config.read("jax_enable_x64") else []),
            "def witness():",
            *[f"    {line}" for line in lines],
            f'print("JAX:", witness(), " true: {true}")  # JAX\'s program in exact arithmetic: {ad}',
        ]
    )


def code(leaf: Any) -> str:
    """Python that makes one leaf again, exactly."""
    if isinstance(leaf, bool | int | float | complex) and not isinstance(leaf, np.generic):
        return _spelled(repr(leaf))
    if jnp.issubdtype(jax.dtypes.result_type(leaf), jax.dtypes.extended):
        data = np.asarray(jax.random.key_data(leaf)).tolist()
        return f'jax.random.wrap_key_data(jnp.array({data}, "uint32"), impl="{jax.random.key_impl(leaf)}")'
    array = np.asarray(leaf)
    dtype = str(array.dtype)
    if array.size <= _LISTED:
        wide = array if array.dtype.kind in "biuc" else array.astype(np.float64)
        return f'jnp.array({_spelled(str(wide.tolist()))}, "{dtype}")'
    if array.nbytes > _LARGEST:
        return f"...  # an array of {array.size} numbers, of shape {array.shape} and dtype {dtype}: your own"
    raw = f'jnp.frombuffer(bytes.fromhex("{array.tobytes().hex()}"), dtype="{dtype}")'
    return f"{raw}.reshape({array.shape})"


def place(types: Sequence[tuple[tuple[int, ...], str]], coordinate: int) -> tuple[int, tuple[tuple[int, ...], bool]]:
    """Where a real coordinate lies: which array, which index, and whether it is an imaginary part."""
    for k, (shape, dtype) in enumerate(types):
        parts = 2 if dtype.startswith("complex") else 1
        size = int(np.prod(shape, dtype=int)) * parts
        if coordinate < size:
            index = tuple(int(i) for i in np.unravel_index(coordinate // parts, shape)) if shape else ()
            return k, (index, parts == 2 and coordinate % 2 == 1)
        coordinate -= size
    raise AssertionError("a coordinate lies past the last array; please report this")


def _call(checked: Problem, variables: list[str]) -> str:
    args, kwargs = checked.at.rebuild([_Code(name) for name in variables])
    parts = [repr(a) for a in args] + [f"{k}={v!r}" for k, v in kwargs.items()]
    call = f"{checked.at.name}({', '.join(parts)})"
    call = call if checked.at.name.isidentifier() else call.replace(checked.at.name, "f", 1)
    return f"{call}[0]" if checked.at.has_aux else call


@dataclass(frozen=True)
class _Parts:
    """What the lines of a mode are made of: variables, seeds as text, and where the entry lies."""

    unique: list[str]
    names: list[str]
    seeds: list[str]
    cotangent: str
    row: tuple[tuple[int, ...], bool]
    columns: list[tuple[tuple[int, ...], bool]]

    @property
    def both(self) -> str:
        return ", ".join(self.unique)

    @property
    def pushed(self) -> str:
        """The entry of a tangent of the output."""
        return f"[{_index(self.row[0])}]" + (".imag" if self.row[1] else ".real")

    @property
    def pulled(self) -> str:
        """The entry of a cotangent of the first input."""
        index, imaginary = self.columns[0]
        return f"[{_index(index)}]" + (".imag * -1" if imaginary else ".real")

    def seeded(self, k: int) -> str:
        """The k-th seed as a tuple of one tangent a variable."""
        zeros = [self.seeds[k] if n == self.names[k] else f"jnp.zeros_like({n})" for n in self.unique]
        return f"({', '.join(zeros)},)"


def _push(parts: _Parts) -> list[str]:
    return [f"_, _t = jax.jvp(_f, ({parts.both},), ({parts.seeds[0]},))", f"return _t{parts.pushed}"]


def _linearize(parts: _Parts) -> list[str]:
    return [f"_, _push = jax.linearize(_f, {parts.both})", f"return _push({parts.seeds[0]}){parts.pushed}"]


def _pull(parts: _Parts) -> list[str]:
    pull = [f"_y, _pull = jax.vjp(_f, {parts.both})", f"(_bar,) = _pull({parts.cotangent})"]
    return [*pull, f"return _bar{parts.pulled}"]


def _push_push(parts: _Parts) -> list[str]:
    return [
        f"def _d({parts.both}):",
        f"    return jax.jvp(_f, ({parts.both},), {parts.seeded(0)})[1]",
        f"_, _t = jax.jvp(_d, ({parts.both},), {parts.seeded(1)})",
        f"return _t{parts.pushed}",
    ]


def _pulled(parts: _Parts) -> list[str]:
    start = [f"_y = _f({parts.both})", f"def _d({parts.both}):"]
    return [*start, f"    return jax.vjp(_f, {parts.both})[1]({parts.cotangent})"]


def _push_pull(parts: _Parts) -> list[str]:
    at = f"[{parts.unique.index(parts.names[0])}]{parts.pulled}"
    return [*_pulled(parts), f"return jax.jvp(_d, ({parts.both},), {parts.seeded(1)})[1]{at}"]


def _pull_pull(parts: _Parts) -> list[str]:
    at = f"[{parts.unique.index(parts.names[0])}]{parts.pulled}"
    return [*_pulled(parts), f"return jax.vjp(_d, {parts.both})[1]({parts.seeded(1)}){at}"]


_LINES: dict[str, Callable[[_Parts], list[str]]] = {
    "jvp": _push,
    "linearize": _linearize,
    "vjp": _pull,
    "jvp∘jvp": _push_push,
    "jvp∘vjp": _push_pull,
    "vjp∘vjp": _pull_pull,
}


def _index(index: tuple[int, ...]) -> str:
    return ", ".join(map(str, index)) if index else "()"


def _unit(imaginary: bool, conjugate: bool = False) -> str:
    return "1" if not imaginary else "-1j" if conjugate else "1j"


def _spelled(text: str) -> str:
    return text.replace("nan", "jnp.nan").replace("inf", "jnp.inf")


def _number_text(leaf: Any) -> str:
    array = np.asarray(jnp.asarray(leaf))
    if array.size > _LISTED:
        return f"{array.dtype}{list(array.shape)}"
    wide = array if array.dtype.kind == "c" else array.astype(np.float64)
    return str(wide.tolist())
