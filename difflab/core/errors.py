"""The errors that a caller may want to catch."""

from __future__ import annotations

import sys
from traceback import format_exception
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from difflab.core.graph import Graph


class DifflabError(Exception):
    """Base of difflab's own errors."""


class CaptureError(DifflabError):
    """The user's function raised while JAX traced it; the message starts at the user's own line.

    `graph` holds what was traced until then, or is None where nothing could be read: it prints and draws itself as
    every graph does, and its `failure` says which line stopped the trace. IPython shows it below the message.

    >>> import jax.numpy as jnp
    >>> from difflab.core.capture import graph
    >>> def f(x):
    ...     y = jnp.sin(x)
    ...     return y if y > 0 else -y
    >>> try:
    ...     graph(f, 1.0)
    ... except CaptureError as error:
    ...     print([equation.primitive for equation in error.graph.equations])
    ['sin', 'gt']
    """

    def __init__(self, text: str, graph: Graph | None = None) -> None:
        super().__init__(text)
        self.graph = graph

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args

    def _render_traceback_(self) -> list[str]:
        """What IPython prints for this error. The partial graph is put on display once the message stands."""
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is None:
            return format_exception(self)
        if self.graph is not None and self.graph.equations and not self.__dict__.get("_waiting"):
            self._display_later(shell)
        return shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__, tb_offset=1)

    def _display_later(self, shell: Any) -> None:
        """Display the graph at the end of the running cell. IPython may ask for one error's text more than once."""

        def show(*_: Any) -> None:
            shell.events.unregister("post_run_cell", show)
            self.__dict__["_waiting"] = False
            sys.modules["IPython"].display.display(self.graph)

        self.__dict__["_waiting"] = True
        shell.events.register("post_run_cell", show)


class UnsupportedError(DifflabError):
    """A part of the function is outside what was asked of it; the message names the primitive and the line."""
