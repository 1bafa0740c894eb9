"""What a page answers by itself: recorded outermost first, within a budget, and the same text on both banks."""

import base64
import json
import re
import zlib

import pytest

import difflab as dl
from difflab.show.archive import Archive, canonical, pack, record
from difflab.show.page import page


def unpacked(text):
    return zlib.decompress(base64.b64decode(text)).decode()


def scopes(count, items=3):
    questions = [{"kind": "scope", "id": str(k), "arrangement": "layered"} for k in range(count)]
    return (
        [*questions, {"kind": "index"}],
        lambda q: (
            {"kind": "scope", "scope": {"id": q["id"], "items": [{}] * items}, "nodes": {}}
            if q["kind"] == "scope"
            else {"kind": "index", "index": {"rows": [1, 2]}}
        ),
    )


def test_questions_and_answers_come_back_line_by_line():
    questions, answer = scopes(4)
    found = record(questions, answer)
    lines = unpacked(found.packed).splitlines()
    assert [json.loads(line) for line in lines[::2]] == questions
    assert [json.loads(line) for line in lines[1::2]] == [answer(q) for q in questions]
    assert found.left_out == 0


def test_a_question_is_one_text_whatever_its_order():
    assert canonical({"kind": "scope", "id": "ü", "a": None}) == '{"a":null,"id":"ü","kind":"scope"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"x": float("nan")})


def test_what_does_not_fit_is_the_last_asked_and_is_counted():
    questions, answer = scopes(10)
    found = record(questions, answer, boxes=6)
    assert [json.loads(q).get("id") for q, _ in found.answers] == ["0", "1", None]
    assert found.left_out == 8
    assert record(questions, answer, size=0) == Archive((), 11)


def test_a_scope_that_is_left_out_is_not_even_drawn():
    drawn = []
    questions, answer = scopes(10)
    record(questions, lambda q: drawn.append(q) or answer(q), boxes=3)
    assert len(drawn) == 2


def test_archives_add_up():
    questions, answer = scopes(2)
    one = record(questions, answer, boxes=1)
    both = one + Archive((("{}", "{}"),))
    assert len(both.answers) == len(one.answers) + 1 and both.left_out == one.left_out


def test_the_page_says_what_it_does_not_carry():
    state = {"title": "f", "views": []}
    assert "This page carries" not in page("f", state, "", {}, Archive((("{}", "{}"),)))
    assert "carries 1 of 3 parts" in page("f", state, "", {}, Archive((("{}", "{}"),), 2))


def test_line_separators_and_markup_stay_inside_their_answer():
    text = "\u2028</script>\n<b>"
    found = record([{"kind": "texts"}], lambda q: {"kind": "texts", "texts": text})
    assert json.loads(unpacked(found.packed).split("\n")[1])["texts"] == text
    assert "</script><b>" not in page("f", {"views": []}, "", {}, found)


def test_a_graph_page_carries_every_part_that_its_section_does_not():
    def deep(x):
        for _ in range(240):
            x = x * 1.5 + 1.0
        return x

    text = dl.graph(deep, 1.0).to_html()
    state = json.loads(re.search(r'id="state">(.*?)</script>', text, re.S)[1])
    lines = unpacked(re.search(r'id="archive">(.*?)</script>', text, re.S)[1]).split("\n")
    drawn = [json.loads(line)["scope"] for line in lines[1::2] if line.startswith('{"kind":"scope"')]
    carried = set(state["graph"]["scopes"]) | {scope["id"] for scope in drawn}
    everything = {inner for scope in drawn for item in scope["items"] for inner in item["scopes"]}
    everything |= {k for s in state["graph"]["scopes"].values() for i in s["items"] for k in i["scopes"]}
    assert everything <= carried and drawn


def test_packing_shrinks():
    assert len(pack("the same words " * 1000)) < 200
