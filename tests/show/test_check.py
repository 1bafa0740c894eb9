"""The check on the wire, its picture and its heat map: for right, wrong, large and unclear functions."""

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from difflab.core.errors import DifflabError
from difflab.labs.check import Report
from difflab.labs.check import check as checked
from difflab.labs.check.findings import Finding
from difflab.show import check_entry
from difflab.show.check import ARCHIVED, answers, check_section, check_svg, part, questions
from difflab.show.check_entry import answer_entry


def check(f: Any, *args: Any, **options: Any) -> Report:
    """A check that no busy machine cuts short."""
    return checked(f, *args, budget=240.0, **options)


X = np.array([0.5, 2.0], np.float32)


def pair(x):
    return jnp.stack([jnp.sin(x[0]) * x[1], x[0] ** 2])


@jax.custom_jvp
def cube(v):
    return v**3


@cube.defjvp
def cube_rule(primals, tangents):
    return cube(*primals), 2 * primals[0] ** 2 * tangents[0]


def wrong(x):
    return {"out": jnp.stack([cube(x[0]), x[1]])}


def strict(section: Any) -> Any:
    """Through JSON as a browser reads it: no NaN, no Python objects."""
    return json.loads(json.dumps(section, allow_nan=False))


@pytest.fixture(scope="module")
def right() -> Report:
    return check(pair, X)


@pytest.fixture(scope="module")
def refuted() -> Report:
    return check(wrong, X)


def test_every_entry_of_a_small_jacobian_travels_with_all_its_digits(right: Report):
    section = strict(check_section(right))
    assert sorted((e["i"], e["j"]) for e in section["entries"]) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for wire in section["entries"]:
        entry = right.entry(wire["i"], wire["j"])
        assert (wire["truth"], wire["jacfwd"], wire["jacrev"]) == (entry.truth, entry.jacfwd, entry.jacrev)
        assert set(wire["modes"]) == {"jvp", "vjp", "linearize"}
    assert section["left_out"] == 0 and section["totals"] == right.totals
    assert section["size"] == [2, 2] and section["full"] == pytest.approx(7.2, abs=0.1)


def test_a_section_waits_for_no_formula(right: Report, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any) -> None:
        raise AssertionError("a formula was asked for")

    monkeypatch.setattr(type(right.formulas), "__call__", refuse)
    check_section(right)
    check_svg(right)


def test_lines_are_grouped_by_leaf():
    report = check(lambda d, z: (d["a"] * d["b"][0], z * z), {"a": 1.5, "b": X}, jnp.complex64(1 + 2j))
    groups = check_section(report)["groups"]
    assert [(g["name"], g["first"], g["size"]) for g in groups["columns"]] == [
        ("d['a']", 0, 1),
        ("d['b']", 1, 2),
        ("z", 3, 2),
    ]
    assert [(g["name"], g["first"], g["size"]) for g in groups["rows"]] == [("out[0]", 0, 1), ("out[1]", 1, 2)]
    for of, names in (("rows", report.rows), ("columns", report.columns)):
        for group in groups[of]:
            assert all(group["name"] in name for name in names[group["first"] : group["first"] + group["size"]])


def test_a_fault_travels_with_its_line_its_witness_and_its_entry(refuted: Report):
    faults = [f for f in strict(check_section(refuted))["findings"] if f["severity"] == "error"]
    (rule,) = faults
    assert rule["entry"] == [0, 0], "the entry of the function that the rule has wrong"
    assert rule["witness"]["ratio"] == pytest.approx(2 / 3)
    assert float(rule["witness"]["ad"]) / float(rule["witness"]["true"]) == pytest.approx(2 / 3)
    assert rule["source"]["file"].endswith("test_check.py") and "cube" in rule["source"]["text"]


def test_a_finding_leads_to_the_first_equation_of_its_line(refuted: Report):
    equation = next(e for e in refuted.graph.equations if e.source)
    found = Finding("by design", "info", "held", source=equation.source)
    made = Report(**{**vars(refuted), "findings": (found,)})
    assert check_section(made)["findings"][0]["node"] == str(equation.id)


def test_points_and_what_is_missing_travel():
    @jax.custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (f(x), x), lambda x, g: (2 * x * g,))
    section = strict(check_section(check(lambda x: jnp.where(x > 0, f(x), x), 1.5)))
    assert section["points"][0]["label"] == "the given point"
    assert section["points"][0]["values"] == [{"name": "x", "value": "1.5"}]
    assert set(section["missing"]) == {"jvp", "linearize"}
    assert len({point["branch"] for point in section["points"]}) == section["branches"] == 2
    assert section["path"]


def test_more_entries_than_fit_are_counted():
    report = check(lambda x: x * 2.0, np.arange(30, dtype=np.float32), max_entries=50)
    section = check_section(report)
    assert len(section["entries"]) + section["left_out"] == 900


def test_a_huge_jacobian_travels_with_the_names_it_needs():
    report = check(lambda x: x * 2.0, np.arange(200, dtype=np.float32), max_entries=50)
    section = check_section(report)
    rows, columns = dict(section["rows"]), dict(section["columns"])
    assert len(rows) <= 50 and len(columns) <= 50 and section["size"] == [200, 200]
    for wire in section["entries"]:
        assert (rows[wire["i"]], columns[wire["j"]]) == (report.rows[wire["i"]], report.columns[wire["j"]])
        assert wire["jacfwd"] == report.entry(wire["i"], wire["j"]).jacfwd


def test_an_entry_is_answered_with_formula_and_derivation(right: Report):
    answer = strict(answer_entry(right, {"kind": "entry", "i": 0, "j": 0}))
    assert (answer["kind"], answer["i"], answer["j"]) == ("entry", 0, 0)
    assert answer["formula"] == "x[1]*cos(x[0])" and answer["mathml"].startswith("<math")
    links = answer["derivation"]["links"]
    assert [link["primitive"] for link in links] == ["sin", "mul"] and answer["derivation"]["paths"] == 1
    nodes = {str(equation.id) for equation in right.graph.equations}
    assert all(link["node"] in nodes and "jnp.sin" in link["source"]["text"] for link in links)
    assert answer["why"] == "" and answer["listing"] == [] and answer["losses"] == []


def test_a_factor_that_is_a_number_stays_apart_from_the_next():
    report = check(lambda x: (3.1415927 * x) ** 2, 0.5)
    mathml = answer_entry(report, {"i": 0, "j": 0})["mathml"]
    assert "<mn>2</mn><mo>·</mo><msup><mn>3.1415927</mn><mn>2</mn></msup>" in mathml, mathml


def test_past_the_readable_size_of_the_matrix_a_row_alone_is_tried():
    report = check(lambda x: x**3, np.linspace(1, 2, 12).astype(np.float32))
    assert answer_entry(report, {"i": 3, "j": 3})["formula"] == "3*x[3]**2"
    assert answer_entry(report, {"i": 3, "j": 4})["formula"] == "0"


def test_without_a_formula_comes_the_listing_and_the_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check_entry, "OPERATIONS", 5)
    monkeypatch.setattr("difflab.labs.check.formulas.OPERATIONS", 5)
    report = check(lambda x: jax.lax.fori_loop(0, 8, lambda _, v: jnp.sin(v) * v, x), 0.5)
    answer = strict(answer_entry(report, {"i": 0, "j": 0}))
    assert answer["formula"] is None and answer["why"].startswith("no formula: ")
    assert any("sin" in line["text"] for line in answer["listing"])
    assert any(line["depth"] == 1 and line["partials"] for line in answer["listing"])


def test_where_digits_are_lost_is_told_of_a_right_entry_with_wrong_floats():
    report = check(lambda x: (1 - jnp.cos(x)) / x**2, np.float32(1e-3))
    losses = strict(answer_entry(report, {"i": 0, "j": 0}))["losses"]
    assert {loss["mode"] for loss in losses} == {"jacfwd", "jacrev"}
    assert any("2*sin(x/2)**2" in loss["advice"] for loss in losses)


def test_what_fails_for_an_entry_is_said_and_the_rest_is_answered(right: Report):
    def broken(_: str) -> None:
        raise DifflabError("the symbols are gone")

    answer = answer_entry(Report(**{**vars(right), "formulas": broken}), {"i": 0, "j": 0})
    assert answer["why"] == "no formula: the symbols are gone" and answer["listing"]
    unlisted = answer_entry(right, {"i": 7, "j": 0})
    assert unlisted["formula"] is None and "no formula" in unlisted["why"]


def test_the_front_end_is_answered_by_a_message(right: Report):
    sent: list[Any] = []

    class Front:
        def send(self, message: Any) -> None:
            sent.append(message)

    _, acts = part(right)
    acts["entry"](Front(), {"kind": "entry", "i": 1, "j": 0})
    assert sent[0]["formula"] == "2*x[0]"


def test_a_page_carries_the_worst_entries_and_no_more_than_it_has_time_for():
    report = check(lambda x: x * 2.0, np.arange(8, dtype=np.float32))
    asked = list(questions(report))
    assert len(asked) == ARCHIVED and asked[0]["kind"] == "entry"
    assert list(questions(report, seconds=0)) == []
    assert answers(report)(asked[0])["formula"] in ("2.0", "2", "0")
    assert "archive" in report.to_html()


def test_the_picture_tells_faults_in_words_and_draws_a_sign_an_entry(refuted: Report, right: Report):
    text = check_svg(refuted)
    assert ElementTree.fromstring(text).tag.endswith("svg") and text == check_svg(refuted)
    assert ">✗<" in text and ">✓<" in text and "constant factor" in text and "ratio 0.666666667" in text
    assert ">≡<" in check_svg(right) or "wrong with probability" in check_svg(right)


def test_a_heat_map_shows_every_entry_once(right: Report):
    figure = right.heatmap()
    assert np.shape(figure.data[0].z) == (2, 2)
    assert list(figure.data[0].x) == ["x[0]", "x[1]"]


def test_a_heat_map_of_a_large_jacobian_has_the_entries_that_are_listed():
    report = check(lambda x: x * 2.0, np.arange(60, dtype=np.float32), max_entries=100)
    figure = report.heatmap()
    assert np.size(figure.data[0].z) == len(report.entries)
    assert "of 3,600" in figure.layout.title.text and figure.layout.width <= 900


def test_nothing_to_compare_is_drawn_too():
    report = check(lambda x: jnp.zeros((0,)) * x, 1.0)
    assert check_section(report)["entries"] == []
    ElementTree.fromstring(check_svg(report))
    report.heatmap()
