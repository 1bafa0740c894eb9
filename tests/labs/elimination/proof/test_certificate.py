"""A true certificate is accepted; whatever is changed in it, it is refused."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import total
from difflab.labs.elimination.proof import certificate
from difflab.labs.elimination.proof.blocks import Blocks
from difflab.labs.elimination.proof.bounds import Bound, bound
from difflab.labs.elimination.proof.certificate import (
    BlockError,
    BoundError,
    CertificateError,
    CostError,
    GraphError,
    MalformedError,
    OrderError,
    check,
)
from difflab.labs.elimination.proof.claims import write
from difflab.labs.elimination.search.found import Found
from tests.labs.elimination.random_graphs import anything, program, sized
from tests.labs.elimination.test_orders import task

FILE = Path(__file__).parents[1] / "data" / "roeflux_1d_certificate.json"
seeds = st.integers(0, 2**32 - 1).map(random.Random)


def shipped(**changes: Any) -> dict[str, Any]:
    return json.loads(FILE.read_text()) | changes


def test_the_shipped_certificate_proves_295_for_roeflux():
    verdict = check(FILE.read_text(), fingerprint=problem(task("RoeFlux_1d"), "all_edges").fingerprint)
    assert (verdict.cost, verdict.bound, verdict.optimal, verdict.gap) == (295, 295, True, 0)


def without_an_edge(data: dict[str, Any]) -> None:
    data["edges"].pop()
    data["fingerprint"] = None


def with_a_vertex_in_two_blocks(data: dict[str, Any]) -> None:
    data["blocks"][0].append(data["blocks"][1][0])


def with_an_input_in_a_block(data: dict[str, Any]) -> None:
    data["blocks"][0].append(0)


def with_a_repeated_vertex(data: dict[str, Any]) -> None:
    data["order"][0] = data["order"][1]


def with_a_missing_vertex(data: dict[str, Any]) -> None:
    data["order"].pop()


def with_a_turned_edge(data: dict[str, Any]) -> None:
    data["edges"][0] = data["edges"][0][::-1]


def with_an_edge_twice(data: dict[str, Any]) -> None:
    data["edges"].append(data["edges"][0])


def with_an_edge_into_an_input(data: dict[str, Any]) -> None:
    data["edges"].append([0, 1])


def with_blocks_too_large(data: dict[str, Any]) -> None:
    data["blocks"] = [[v for block in data["blocks"] for v in block]]


def without_an_order(data: dict[str, Any]) -> None:
    del data["order"]


FORGERIES: list[tuple[Callable[[dict[str, Any]], None], type[CertificateError], str]] = [
    (lambda data: data.update(cost=294), CostError, "costs 295"),
    (lambda data: data.update(cost=float("nan")), CostError, "costs 295"),
    (lambda data: data.update(bound=296), BoundError, "prove a bound of 295"),
    (lambda data: data.update(bound=float("inf")), BoundError, "prove a bound of 295"),
    (lambda data: data.update(blocks=[]), BoundError, "prove a bound of 223"),
    (without_an_edge, GraphError, "fingerprint"),
    (lambda data: data["sizes"].__setitem__(3, 2), GraphError, "fingerprint"),
    (lambda data: data["sizes"].__setitem__(3, 0), GraphError, "at least 1"),
    (lambda data: data.update(inputs=[0, 0, 1, 2, 3, 4, 5]), GraphError, "distinct"),
    (lambda data: data.update(outputs=[0]), GraphError, "an input and an output"),
    (with_a_turned_edge, GraphError, "pair u < v"),
    (with_an_edge_twice, GraphError, "twice"),
    (with_an_edge_into_an_input, GraphError, "enters an input"),
    (with_a_repeated_vertex, OrderError, "once"),
    (with_a_missing_vertex, OrderError, "once"),
    (with_a_vertex_in_two_blocks, BlockError, "two blocks"),
    (with_an_input_in_a_block, BlockError, "no intermediates"),
    (with_blocks_too_large, BlockError, "too long"),
    (without_an_order, MalformedError, "no 'order'"),
    (lambda data: data.update(model="flops"), MalformedError, "only 'all_edges'"),
    (lambda data: data.update(cost="295"), MalformedError, "is a number"),
    (lambda data: data.update(cost=True), MalformedError, "is a number"),
    (lambda data: data.update(order=[1.0]), MalformedError, "whole numbers"),
    (lambda data: data.update(edges="none"), MalformedError, "list of lists"),
]


@pytest.mark.parametrize(("forge", "error", "message"), FORGERIES)
def test_a_forged_certificate_is_refused(
    forge: Callable[[dict[str, Any]], None], error: type[CertificateError], message: str
):
    data = shipped()
    forge(data)
    with pytest.raises(error, match=message):
        check(data, fingerprint=problem(task("RoeFlux_1d"), "all_edges").fingerprint)


@pytest.mark.parametrize("text", ["", "295", "[]", "{", "[" * 100_000])
def test_what_is_no_certificate_is_refused(text: str):
    with pytest.raises(MalformedError):
        check(text)


def test_a_certificate_of_another_graph_is_refused():
    with pytest.raises(GraphError, match="fingerprint"):
        check(FILE.read_text(), fingerprint=problem(task("g"), "all_edges").fingerprint)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_the_checker_proves_what_the_search_claims(draw: random.Random):
    graph = sized(draw, program(draw, draw.randint(1, 14), draw.choice([4, 100])), 3)
    order = tuple(draw.sample(graph.intermediates, len(graph.intermediates)))
    members = draw.sample(graph.intermediates, len(graph.intermediates))
    cut = draw.randint(0, len(members))
    parts = [part for part in (members[:cut][:7], members[cut:][:7]) if part]
    blocks = Blocks(graph, parts, order, 0)
    claim = Bound(blocks.total, "blocks", (), tuple(map(tuple, parts)))
    found = Found(order, total(graph, order), "drawn", 0.0)
    verdict = check(write(graph, found, claim), fingerprint=graph.fingerprint)
    assert (verdict.cost, verdict.bound) == (found.cost, blocks.total)
    with pytest.raises(BoundError):
        check(write(graph, found, Bound(blocks.total + 1, "blocks", (), claim.blocks)))


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_without_blocks_the_checker_proves_the_disjoint_paths(draw: random.Random):
    graph = sized(draw, anything(draw, 6))
    order = graph.intermediates
    verdict = check(write(graph, Found(order, total(graph, order), "forward", 0.0), bound(graph)))
    assert verdict.bound == bound(graph).value


def test_a_weaker_claim_is_accepted_and_the_verdict_says_what_is_proved():
    assert check(shipped(bound=200)).bound == 295


def test_the_command_line_prints_the_verdict_and_needs_nothing_but_python(tmp_path: Path):
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(shipped(cost=290)))
    command = [sys.executable, "-I", "-S", certificate.__file__]
    good = subprocess.run([*command, FILE], capture_output=True, text=True, check=True)
    assert good.stdout.startswith("RoeFlux_1d: cost 295, bound 295, optimal")
    bad = subprocess.run([*command, forged], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "refused: the order costs 295" in bad.stdout


def test_the_checker_imports_nothing_of_difflab():
    assert "difflab" not in [line.split()[1].split(".")[0] for line in _imports()]


def _imports() -> list[str]:
    lines = Path(certificate.__file__).read_text().splitlines()
    return [line for line in lines if line.startswith(("import ", "from "))]
