"""Record the tape: run a graph at a point, one equation at a time, into called functions and through every iteration.

jit, remat and called functions are entered; scan and while run iteration by iteration, so a while loop has a gradient,
too; of a cond the branch taken is entered. Custom rules and every other primitive that holds functions are one step
each, through JAX's own `bind`, and so keep the derivative that their author gave them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from difflab.core.capture import KINDS
from difflab.core.errors import UnsupportedError
from difflab.core.graph import Equation, Graph, Literal, Operand

from .rows import row, stacked
from .rules import Rules
from .tape import Alias, Instantiate, Loop, Record, Stack, Tape, Unstack, Value

ENTERED = {"jit", "remat", "call"}


def record(graph: Graph, arguments: Sequence[Any], rules: Rules, max_steps: int, tick: Callable[[], None]) -> Tape:
    """Run `graph` at the flat arguments. `tick` is called once a step.

    A scan that would not fit into `max_steps` becomes one step, and the tape notes it. Raises `UnsupportedError` where
    a while loop, or the program itself, takes more.
    """
    tape = Tape(graph)
    wanted = graph.signature.differentiable if graph.signature else ()
    tape.inputs = tuple(tape.new(Value(argument), k in wanted) for k, argument in enumerate(arguments))
    tape.outputs = tuple(_Recorder(tape, rules, max_steps, tick).run(graph, tape.inputs, "", ""))
    return tape


class _Recorder:
    def __init__(self, tape: Tape, rules: Rules, max_steps: int, tick: Callable[[], None]) -> None:
        self.tape, self.rules, self.max_steps, self.tick = tape, rules, max_steps, tick
        self.literals: dict[int, tuple[Literal, int]] = {}
        self.constants: dict[int, list[int]] = {}
        self.lines: dict[int, int] = {}

    def run(self, graph: Graph, inputs: Sequence[int], prefix: str, path: str) -> list[int]:
        """Execute one graph; its inputs and outputs are slots."""
        slots = [-1] * len(graph.vertices)
        for number, slot in zip((*graph.inputs, *graph.constants), (*inputs, *self.given(graph)), strict=True):
            slots[number] = slot

        def read(operand: Operand) -> int:
            return slots[operand] if isinstance(operand, int) else self.literal(operand)

        for equation in graph.equations:
            operands = [read(operand) for operand in equation.operands]
            results = self.execute(graph, equation, operands, f"{prefix}{equation.id}", path)
            for number, slot in zip(equation.results, results, strict=True):
                slots[number] = slot
        return [read(output) for output in graph.outputs]

    def execute(self, graph: Graph, equation: Equation, operands: list[int], node: str, path: str) -> list[int]:
        kind = equation.kind if equation.primitive in KINDS else ""
        if kind in ENTERED:
            return self.enter(equation, operands, node, path)
        if kind == "cond":
            return self.cond(graph, equation, operands, node, path)
        if kind == "while":
            return self.while_loop(equation, operands, node, path)
        if kind == "scan" and self.fits(equation):
            return self.scan(graph, equation, operands, node, path)
        return self.unit(graph, equation, operands, node, path)

    def unit(self, graph: Graph, equation: Equation, operands: list[int], node: str, path: str) -> list[int]:
        """One step of the tape."""
        if len(self.tape.records) >= self.max_steps:
            raise UnsupportedError(self.too_long(equation, path))
        values = [self.tape.values[slot].array for slot in operands]
        outs = equation.bind(*values)
        depends = self.depends(graph, equation, operands)
        results = [self.tape.new(Value(out), bool(d)) for out, d in zip(outs, depends, strict=True)]
        step = Record(len(self.tape.records), node, graph, equation, path, tuple(operands), tuple(results), depends)
        self.tape.records.append(step)
        self.tape.events.append(step)
        self.tick()
        return results

    def depends(self, graph: Graph, equation: Equation, operands: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        active = tuple(i for i, slot in enumerate(operands) if self.tape.active[slot])
        if not active:
            return ((),) * len(equation.results)
        values = [self.tape.values[slot].array for slot in operands]
        return self.rules.depends(graph, equation, values, active)

    def enter(self, equation: Equation, operands: list[int], node: str, path: str) -> list[int]:
        inner = [self.alias(slot) for slot in operands]
        return [self.alias(slot) for slot in self.run(equation.bodies[0].graph, inner, f"{node}.0/", path)]

    def cond(self, graph: Graph, equation: Equation, operands: list[int], node: str, path: str) -> list[int]:
        depends = self.depends(graph, equation, operands)
        self.tape.controls.append((operands[0], equation))
        taken = int(np.clip(np.asarray(self.tape.values[operands[0]].array), 0, len(equation.bodies) - 1))
        inner = [self.alias(slot) for slot in operands[1:]]
        live: list[list[int]] = [[] for _ in inner]
        self.tape.events.append(Instantiate(tuple(inner), tuple(live)))
        outs = self.run(equation.bodies[taken].graph, inner, f"{node}.{taken}/", path)
        results = [self.alias(slot, bool(d)) for slot, d in zip(outs, depends, strict=True)]
        for slot, d in zip(results, depends, strict=True):
            for i in d:
                live[i - 1].append(slot)
        return results

    def while_loop(self, equation: Equation, operands: list[int], node: str, path: str) -> list[int]:
        first, second = equation.params["cond_nconsts"], equation.params["body_nconsts"]
        tests, fixed = operands[:first], operands[first : first + second]
        carry = operands[first + second :]
        condition, body = (part.graph for part in equation.bodies)
        loop = Loop(node, equation, path, [tuple(carry)])
        self.tape.loops.append(loop)
        iteration = 0
        while True:
            here = _join(path, f"while[{iteration}]")
            (test,) = self.run(condition, [*tests, *carry], f"{node}.0/", here)
            self.tape.controls.append((test, equation))
            if not bool(np.asarray(self.tape.values[test].array)):
                return [self.alias(slot) for slot in carry]
            carry = self.run(body, [*map(self.alias, fixed), *map(self.alias, carry)], f"{node}.1/", here)
            loop.carries.append(tuple(carry))
            iteration += 1
            if iteration > self.max_steps:
                raise UnsupportedError(self.too_long(equation, here))

    def scan(self, graph: Graph, equation: Equation, operands: list[int], node: str, path: str) -> list[int]:
        constants, carried, length = (equation.params[key] for key in ("num_consts", "num_carry", "length"))
        body = equation.bodies[0].graph
        depends = self.depends(graph, equation, operands)
        live: list[int] = []
        fixed = [self.alias(slot) for slot in operands[:constants]]
        carry = [self.alias(slot) for slot in operands[constants : constants + carried]]
        slices = [self.unstack(slot, length, live) for slot in operands[constants + carried :]]
        self.instantiate([*fixed, *carry], live)
        loop = Loop(node, equation, path, [tuple(carry)])
        self.tape.loops.append(loop)
        rows: list[list[int]] = [[] for _ in depends[carried:]]
        order = range(length - 1, -1, -1) if equation.params["reverse"] else range(length)
        for iteration, t in enumerate(order):
            inner = [self.alias(slot) for slot in (*fixed, *carry)]
            self.instantiate(inner[constants:], live)
            here = _join(path, f"scan[{iteration}]")
            outs = self.run(body, [*inner, *(entries[t] for entries in slices)], f"{node}.0/", here)
            carry = outs[:carried]
            loop.carries.append(tuple(carry))
            for entries, slot in zip(rows, outs[carried:], strict=True):
                entries.append(slot)
        self.instantiate(carry, live)
        results = [self.alias(slot, bool(d)) for slot, d in zip(carry, depends[:carried], strict=True)]
        for entries, d, number in zip(rows, depends[carried:], equation.results[carried:], strict=True):
            ordered = entries[::-1] if equation.params["reverse"] else entries
            vertex = graph.vertices[number]
            results.append(self.stack(ordered, bool(d), vertex.shape, vertex.dtype))
        live.extend(slot for slot, d in zip(results, depends, strict=True) if d)
        return results

    def alias(self, slot: int, active: bool | None = None) -> int:
        """The same value in another frame. A value without a derivative needs no second slot."""
        inside = self.tape.active[slot]
        if not (inside or active):
            return slot
        target = self.tape.new(self.tape.values[slot], inside if active is None else active)
        self.tape.events.append(Alias(slot, target))
        return target

    def instantiate(self, slots: Sequence[int], live: list[int]) -> None:
        chosen = tuple(slot for slot in slots if self.tape.active[slot])
        if chosen:
            self.tape.events.append(Instantiate(chosen, (live,) * len(chosen)))

    def unstack(self, source: int, length: int, live: list[int]) -> list[int]:
        array = self.tape.values[source].array
        targets = [self.tape.new(Value(row(array, t)), self.tape.active[source]) for t in range(length)]
        self.tape.events.append(Unstack(source, targets, live))
        return targets

    def stack(self, sources: Sequence[int], active: bool, shape: tuple[int, ...], dtype: str) -> int:
        arrays = [self.tape.values[slot].array for slot in sources]
        target = self.tape.new(Value(stacked(arrays, shape, dtype)), active)
        self.tape.events.append(Stack(list(sources), target))
        return target

    def given(self, graph: Graph) -> list[int]:
        if id(graph) not in self.constants:
            made = [self.tape.new(Value(graph.values[number]), False) for number in graph.constants]
            self.constants[id(graph)] = made
        return self.constants[id(graph)]

    def literal(self, literal: Literal) -> int:
        if id(literal) not in self.literals:
            array = np.asarray(literal.value, dtype=jnp.dtype(literal.dtype))
            self.literals[id(literal)] = literal, self.tape.new(Value(array), False)
        return self.literals[id(literal)][1]

    def fits(self, equation: Equation) -> bool:
        """Whether a scan can be entered; if not, the tape notes it."""
        total = equation.bodies[0].graph.size * equation.params["length"]
        if len(self.tape.records) + total <= self.max_steps:
            return True
        note = (
            f"the scan at {_place(equation)} is one step: its {equation.params['length']:,} iterations would take "
            f"{total:,} of at most {self.max_steps:,} steps; raise max_steps to go into it"
        )
        if note not in self.tape.notes:
            self.tape.notes.append(note)
        return False

    def too_long(self, equation: Equation, path: str) -> str:
        around = f", in {path}" if path else ""
        return (
            f"the recording stopped at {_place(equation)}{around}, after {len(self.tape.records):,} steps "
            f"(max_steps={self.max_steps:,}); shorten the loop, inspect one iteration of it as a function of its own, "
            "or raise max_steps"
        )


def _join(path: str, part: str) -> str:
    return f"{path}/{part}" if path else part


def _place(equation: Equation) -> str:
    return str(equation.source) if equation.source else equation.primitive
