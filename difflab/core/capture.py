"""Function and arguments → `Graph`. The only file that reads a jaxpr, and the one to mend on a JAX release.

JAX facts relied on (0.10 to 0.12): `eqn.primitive.get_bind_params` and `.bind` execute an equation and keep it
differentiable; `eqn.source_info` holds the stack and the named scopes; calls appear as `jit`, `remat2` or `checkpoint`,
`custom_jvp_call`, `custom_vjp_call`; scatter's `update_jaxpr` is no call.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from types import FrameType, SimpleNamespace, TracebackType
from typing import Any

import jax
from jax.core import Tracer
from jax.extend import core as jex

from difflab.core.call import Call, call
from difflab.core.errors import CaptureError
from difflab.core.graph import Body, Equation, Failure, Graph, Literal, Operand, Signature, Source, Vertex
from difflab.core.source import Stack, is_user_file, locate, names

KINDS = {
    "jit": "jit",
    "pjit": "jit",
    "closed_call": "call",
    "core_call": "call",
    "custom_jvp_call": "custom_jvp",
    "custom_vjp_call": "custom_vjp",
    "custom_vjp_call_jaxpr": "custom_vjp",
    "remat": "remat",
    "remat2": "remat",
    "checkpoint": "remat",
    "scan": "scan",
    "while": "while",
    "cond": "cond",
}
"""Primitive → kind of nesting, under every name that the supported JAX versions use."""

_NO_BODY = {"update_jaxpr", "reduction_jaxpr"}


def graph(f: Callable[..., Any], *args: Any, **options: Any) -> Graph:
    """The graph of `f(*args)`: what JAX computes, with the user's names, source lines and nested scopes.

    Options are those of `difflab.core.call.call`: `argnums`, `static_argnums`, `static_argnames`, `has_aux`; other
    keyword arguments go to `f`. The result draws itself in a notebook and prints as a program; it holds on to the
    arguments, so that values and times can be computed when they are asked for. Raises `CaptureError` where `f` cannot
    be traced (its `graph` is what was traced until then) and TypeError for an argument that is no array.

    >>> import jax.numpy as jnp
    >>> print(graph(lambda x: jnp.sin(x) * 2.0, 1.0))  # doctest: +ELLIPSIS
    λ(x: f32[])
      %1: f32[] = sin x ...
      %2: f32[] = mul %1 2.0 ...
      return %2
    """
    return capture(call(f, *args, **options))


def capture(at: Call) -> Graph:
    """The graph of a function at a point, traced once a call. Raises `CaptureError` where it cannot be traced."""
    if "_graph" not in at.__dict__:
        at.__dict__["_graph"] = found = _trace(at)
        found.__dict__["_call"] = at
    return at.__dict__["_graph"]


def _trace(at: Call) -> Graph:
    def flat(*leaves: Any) -> Any:
        return at.tree(*leaves)

    try:
        closed, shape = jax.make_jaxpr(flat, return_shape=True)(*at.leaves)
    except Exception as error:
        raise _failure(at, error) from error.with_traceback(_user_traceback(error.__traceback__))
    outputs = tuple("out" + jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(shape))
    signature = Signature(at.paths, outputs, at.differentiable, jax.tree.structure(shape))
    return _Reader().graph(closed, at.name, at.paths, signature, None)


def capture_flat(function: Callable[..., Any], arguments: Sequence[Any], name: str) -> Graph:
    """The graph of a function of flat arguments; for programs that difflab itself derives from the user's."""
    closed = jax.make_jaxpr(function)(*arguments)
    return _Reader().graph(closed, name, tuple(f"x{k}" for k in range(len(arguments))), None, None)


def leaked(graph: Graph) -> bool:
    """Whether a constant, of the graph or of one nested in it, is a tracer of another trace and has no value."""
    return any(isinstance(value, Tracer) for value in graph.values.values()) or any(
        leaked(body.graph) for equation in graph.equations for body in equation.bodies
    )


class _Reader:
    """Reads one closed jaxpr; bodies that JAX shares are read once and shared, too."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, Source | None], Graph] = {}
        self.alive: list[Any] = []

    def graph(
        self, closed: Any, name: str, inputs: Sequence[str | None], signature: Signature | None, around: Source | None
    ) -> Graph:
        jaxpr, values = (closed.jaxpr, closed.consts) if hasattr(closed, "consts") else (closed, ())
        vertices: list[Vertex] = []
        numbers: dict[Any, int] = {}

        def add(
            variable: Any, role: str, equation: int | None = None, result: int = 0, label: str | None = None
        ) -> int:
            number = len(vertices)
            aval = variable.aval
            shape, dtype = tuple(getattr(aval, "shape", ())), str(getattr(aval, "dtype", aval))
            vertices.append(Vertex(number, shape, dtype, role, equation, result, label))
            numbers[variable] = number
            return number

        def read(variable: Any) -> Operand:
            if isinstance(variable, jex.Literal):
                aval: Any = variable.aval
                return Literal(variable.val, tuple(getattr(aval, "shape", ())), str(getattr(aval, "dtype", aval)))
            return numbers[variable]

        constants = tuple(add(v, "constant") for v in jaxpr.constvars)
        ins = tuple(add(v, "input", label=label) for v, label in zip(jaxpr.invars, inputs, strict=True))
        stacks, traces = _stacks(jaxpr.eqns)
        equations: list[Equation] = []
        for k, (eqn, stack, found) in enumerate(zip(jaxpr.eqns, stacks, names(stacks, traces), strict=True)):
            source = locate(stack) or around
            operands = tuple(map(read, eqn.invars))
            scopes = _scopes(eqn.source_info.name_stack)
            if any("jvp(" in scope for scope in scopes):
                found = ()  # derivative equations share the line of their primal, and are not what is bound there
            labels = found if len(found) == len(eqn.outvars) else found[:1] if len(eqn.outvars) == 1 else ()
            padded = (*labels, *[None] * (len(eqn.outvars) - len(labels)))
            results = tuple(add(v, "equation", k, r, padded[r]) for r, v in enumerate(eqn.outvars))
            bodies, params = self.bodies(eqn, source)
            kind = KINDS.get(eqn.primitive.name, "call" if bodies else "")
            equations.append(
                Equation(
                    k, eqn.primitive.name, params, operands, results, _binder(eqn), source,
                    scopes, bodies, kind,
                )
            )  # fmt: skip
        outputs = tuple(map(read, jaxpr.outvars))
        given = dict(zip(constants, values, strict=True))
        return Graph(name, tuple(vertices), tuple(equations), ins, outputs, constants, given, signature)

    def bodies(self, eqn: Any, around: Source | None) -> tuple[tuple[Body, ...], Mapping[str, Any]]:
        found: list[Body] = []
        params: dict[str, Any] = {}
        for key, value in eqn.params.items():
            inner = [] if key in _NO_BODY else list(_jaxprs(value))
            if not inner:
                params[key] = value
            for label, jaxpr in inner:
                found.append(
                    Body(_body_label(eqn, key, label, jaxpr), self.body(jaxpr, around), eqn.params.get("length"))
                )
        if "ft_in" in params:  # JAX 0.12 counts a scan's operands in a tree
            params["num_consts"], params["num_carry"], _ = map(len, params["ft_in"].unpack())
        return tuple(found), params

    def body(self, closed: Any, around: Source | None) -> Graph:
        key = (id(closed), around)
        if key not in self.seen:
            self.alive.append(closed)
            jaxpr = getattr(closed, "jaxpr", closed)
            self.seen[key] = self.graph(closed, _function(jaxpr), _argument_names(jaxpr), None, around)
        return self.seen[key]


def _stacks(eqns: Sequence[Any]) -> tuple[list[Stack], list[int]]:
    """The user's frames of each equation, outermost first, and a number that is equal for equal whole stacks."""
    stacks: list[Stack] = []
    traces: list[int] = []
    known: dict[Any, tuple[Stack, Any]] = {}
    for eqn in eqns:
        traceback = eqn.source_info.traceback
        if traceback not in known:
            codes, offsets = traceback.raw_frames() if traceback else ((), ())
            frames = zip(reversed(codes), reversed(offsets), strict=True)
            stack = tuple((code, offset) for code, offset in frames if is_user_file(code.co_filename))
            known[traceback] = (stack, (tuple(codes), tuple(offsets)))
        stack, trace = known[traceback]
        stacks.append(stack)
        traces.append(hash((eqn.primitive.name, trace)))
    return stacks, traces


def _binder(eqn: Any) -> Callable[..., list[Any]]:
    primitive, params = eqn.primitive, eqn.params

    def bind(*values: Any) -> list[Any]:
        result = primitive.bind(*values, **primitive.get_bind_params(params))
        return list(result) if primitive.multiple_results else [result]

    return bind


def _jaxprs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, jex.ClosedJaxpr | jex.Jaxpr):
        yield "", value
    elif isinstance(value, tuple):
        fields = getattr(value, "_fields", range(len(value)))
        for field, part in zip(fields, value, strict=True):
            if isinstance(part, jex.ClosedJaxpr | jex.Jaxpr):
                yield str(field), part


def _body_label(eqn: Any, key: str, field: str, jaxpr: Any) -> str:
    match KINDS.get(eqn.primitive.name):
        case "jit":
            return str(eqn.params.get("name") or _function(jaxpr.jaxpr))
        case "while":
            return "condition" if key == "cond_jaxpr" else "body"
        case "cond":
            return f"branch {field}"
        case "scan":
            return "body"
        case _:
            return field or _function(getattr(jaxpr, "jaxpr", jaxpr))


def _function(jaxpr: Any) -> str:
    info = getattr(jaxpr, "debug_info", None)
    return str(getattr(info, "func_src_info", None) or "body").split(" at ")[0].replace("<lambda>", "λ")


def _argument_names(jaxpr: Any) -> Sequence[str | None]:
    info = getattr(jaxpr, "debug_info", None)
    given = list(getattr(info, "arg_names", None) or ())
    known = [name if name and name.isprintable() else None for name in given]
    return known if len(known) == len(jaxpr.invars) else [None] * len(jaxpr.invars)


def _scopes(stack: Any) -> tuple[str, ...]:
    text = str(stack)
    return tuple(part for part in text.split("/") if part) if text else ()


_ADVICE = {
    "TracerBoolConversionError": "Python branches on a traced value: use jnp.where or lax.cond, or make it static",
    "ConcretizationTypeError": "a traced value is needed as a number: make it static (static_argnums, static_argnames)",
    "TracerIntegerConversionError": "a traced value is used as an index or a size: make it static (static_argnums)",
    "TracerArrayConversionError": "NumPy was called on a traced value: use jax.numpy in its place",
    "NonConcreteBooleanIndexError": "a boolean mask selects a traced number of entries: use jnp.where",
    "UnexpectedTracerError": "a value of an earlier trace leaked in: return it from the function that made it",
}


def _failure(at: Call, error: Exception) -> CaptureError:
    kind = type(error).__name__
    advice = _ADVICE.get(kind, "it must run under jax.make_jaxpr with these arguments: check their shapes and dtypes")
    frames = [f for f in _frames(error.__traceback__) if is_user_file(f.tb_frame.f_code.co_filename)]
    source = locate(((frames[-1].tb_frame.f_code, frames[-1].tb_lasti),)) if frames else None
    where = f"{source}, in {source.function}: {source.text}\n" if source else ""
    first = _first_words(str(error), at.paths)
    found = _partial(at, error, Failure(f"{kind}: {first}", source))
    count = found.size if found is not None else 0
    number = f"{count} equation{'' if count == 1 else 's'}"
    rest = f"\nThe error's `graph` holds what was traced until then: {number}" if count else ""
    return CaptureError(f"{where}{kind}: {first}\n{at.name} raised while JAX traced it; {advice}{rest}", found)


def _partial(at: Call, error: Exception, failure: Failure) -> Graph | None:
    """What was traced until an error, or None where that cannot be read."""
    signature = Signature(at.paths, (), at.differentiable)
    try:
        return _unfinished(at, error, signature, failure)
    except Exception:  # this JAX keeps its unfinished traces in another way
        return _traced_again(at, signature, failure)


def _unfinished(at: Call, error: Exception, signature: Signature, failure: Failure) -> Graph:
    """The graph of all traces that the error went through, each the last equation of the one around it.

    JAX (0.10 to 0.12) keeps a trace in the variable `trace` of the function that runs it, and Python keeps the frames
    of a function that raised as long as its error lives; so the user's function need not run again.
    """
    first, *_, last = (f.tb_frame for f in _frames(error.__traceback__))
    passed = list(takewhile(lambda frame: frame is not first, _callers(last)))
    traces = [(frame, frame.f_locals["trace"]) for frame in passed if _runs_a_trace(frame)]
    reader, inner = _Reader(), None
    for frame, trace in traces[:-1]:
        closed, labels = _so_far(trace.frame)
        made = _stopped(reader.graph(closed, _function(closed.jaxpr), labels, None, None), inner, failure)
        inner = _call_of(made, str(getattr(trace.frame.debug_info, "traced_for", "")), frame)
    closed, _ = _so_far(traces[-1][1].frame)
    return _stopped(reader.graph(closed, at.name, at.paths, signature, None), inner, failure)


def _so_far(kept: Any) -> tuple[Any, Sequence[str | None]]:
    """A jaxpr of what an unfinished trace has, and its inputs' names; values of outer traces are inputs, too."""
    outer = [v for v, value in kept.constvar_to_val.items() if isinstance(value, Tracer)]
    given = {v: value for v, value in kept.constvar_to_val.items() if v not in outer}
    jaxpr = SimpleNamespace(invars=list(kept.invars), debug_info=kept.debug_info, eqns=kept.get_eqns(), outvars=[])
    labels = [*_argument_names(jaxpr), *[None] * len(outer)]
    jaxpr.invars, jaxpr.constvars = [*kept.invars, *outer], list(given)
    return SimpleNamespace(jaxpr=jaxpr, consts=list(given.values())), labels


def _runs_a_trace(frame: FrameType) -> bool:
    return frame.f_code.co_name.startswith("trace_to_jaxpr") and hasattr(frame.f_locals.get("trace"), "frame")


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _call_of(body: Graph, purpose: str, frame: FrameType) -> Equation:
    """The equation that would have called an unfinished graph: it has no operands and no results yet."""
    users = (f for f in _callers(frame) if is_user_file(f.f_code.co_filename))
    stack = tuple((f.f_code, f.f_lasti) for f in users)[:1]
    label = f"{purpose} {body.name}".strip()
    return Equation(0, "unfinished", {}, (), (), _never, locate(stack), (), (Body(label, body),), "call")


def _stopped(made: Graph, call: Equation | None, failure: Failure) -> Graph:
    last = () if call is None else (replace(call, id=len(made.equations)),)
    return replace(made, equations=(*made.equations, *last), failure=failure)


def _never(*_: Any) -> list[Any]:
    raise ValueError("this call never finished: its graph stops where the function raised; mend the function first")


def _traced_again(at: Call, signature: Signature, failure: Failure) -> Graph | None:
    """The outermost equations alone, by running the function again and keeping the error inside."""

    def flat(*leaves: Any) -> tuple[()]:
        with suppress(Exception):
            at.tree(*leaves)
        return ()

    try:
        closed = jax.make_jaxpr(flat)(*at.leaves)
        return replace(_Reader().graph(closed, at.name, at.paths, signature, None), failure=failure)
    except Exception:
        return None


def _first_words(text: str, paths: Sequence[str]) -> str:
    """JAX's message without its remarks on the traced wrapper, and with the user's name for the argument."""
    first = re.split(r"\n\n|\nThe error occurred while|\nSee https", text.strip())[0]
    argument = re.search(r"depends on the value of the argument leaves\[(\d+)\]", text)
    return f"{first} It depends on the argument {paths[int(argument[1])]}." if argument else first


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _user_traceback(traceback: TracebackType | None) -> TracebackType | None:
    """The same traceback without the frames of JAX and of difflab."""
    kept: TracebackType | None = None
    for frame in reversed(list(_frames(traceback))):
        if is_user_file(frame.tb_frame.f_code.co_filename):
            kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept
