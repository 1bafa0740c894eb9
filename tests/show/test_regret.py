"""The picture of a finished game is well-formed and adds up."""

import re
from xml.etree import ElementTree

from difflab.labs.elimination import challenge
from difflab.show.elimination import elimination_svg
from difflab.show.regret import regret_svg


def test_bars_add_up_to_the_cost():
    e = challenge("hole").play("forward")
    svg = regret_svg(e, e.reset().floors())
    ElementTree.fromstring(svg)
    heights = [float(found) for found in re.findall(r'<rect style="[^"]*stroke-width[^"]*"[^>]*height="([\d.]+)"', svg)]
    top = max(frame.scalar_cost for frame in e.frames)
    assert abs(sum(heights) / 120 * top - e.counts.scalar_cost) < 0.1
    assert "28 multiplications in 5 steps" in svg


def test_a_finished_game_shows_its_regret_and_another_its_graph():
    e = challenge("hole")
    assert "above its floor" in elimination_svg(e.play("reverse")) and "above its floor" not in elimination_svg(e)


def test_without_floors_everything_is_cost():
    e = challenge("simple").play("forward")
    assert "floors 0" in regret_svg(e, {})


def test_what_was_proved_of_the_whole_is_said():
    svg = regret_svg(challenge("hole").play(["4", "5", "2", "3", "1"]), {}, 22)
    assert "proved: at least 22" in svg
