"""Inner vertices first: the local Jacobian of each call is accumulated before anything outside of it.

A call (jit, remat) that is written out in place leaves its vertices with a common group. Those that only vertices of
the same group read are its interior; eliminating them leaves the Jacobian of the call between what it reads and what it
hands on: preaccumulation of a basic block (Utke, "Flattening basic blocks", 2006; Griewank & Walther 2008, chapter 10).
"""

from __future__ import annotations

from difflab.core.linear import LinearGraph


def interiors(linear: LinearGraph) -> tuple[tuple[int, ...], ...]:
    """The interior of each call, the deepest calls first; a vertex is in that of the deepest call that has it."""
    readers: dict[int, list[int]] = {}
    for u, v in linear.edges:
        readers.setdefault(u, []).append(v)
    members: dict[tuple[str, ...], list[int]] = {}
    for vertex in linear.intermediates:
        group = linear.groups[vertex]
        common = group[: min((_shared(group, linear.groups[v]) for v in readers[vertex]), default=0)]
        if common:
            members.setdefault(common, []).append(vertex)
    return tuple(tuple(members[group]) for group in sorted(members, key=lambda group: (-len(group), members[group])))


def preaccumulation(linear: LinearGraph) -> tuple[int, ...]:
    """An order that eliminates inside of every call first, innermost first, and then the rest; in reverse each time.

    >>> import jax, jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> from difflab.core.linear import linearise
    >>> layer = jax.jit(lambda x: jnp.sin(x) * x)
    >>> preaccumulation(linearise(graph(lambda x: layer(layer(x)), 1.0)))
    (1, 3, 2)
    """
    inside = [vertex for group in interiors(linear) for vertex in reversed(group)]
    rest = [vertex for vertex in reversed(linear.intermediates) if vertex not in set(inside)]
    return (*inside, *rest)


def _shared(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many calls, from the outermost, are around both."""
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count
