"""The learning agent plays legal games, keeps the best, and says what it needs."""

import pytest

from difflab.core.errors import DifflabError
from difflab.core.linear import plain
from difflab.labs.elimination.counting.models import problem
from difflab.labs.elimination.counting.problem import total
from difflab.labs.elimination.puzzles import PUZZLES
from difflab.labs.elimination.search import agent as module
from difflab.labs.elimination.search.agent import Setting, agent


def hole():
    one = PUZZLES["hole"]
    return problem(plain(one.edges, one.inputs, one.outputs, "hole"), "all_edges")


@pytest.mark.filterwarnings("ignore")
def test_it_learns_a_small_game():
    pytest.importorskip("mctx")
    at, heard = hole(), []
    found = agent(
        at, seconds=60, seed=0, report=heard.append, stop=lambda: bool(heard) and heard[-1].cost == 22,
        setting=Setting(games=8, simulations=8),
    )  # fmt: skip
    assert found.cost == total(at, found.order) == 22 and found.moves > 0


def test_without_mctx_it_says_what_to_install(monkeypatch):
    def missing(name: str):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(module.importlib, "import_module", missing)
    with pytest.raises(DifflabError, match=r"difflab\[rl\]"):
        agent(hole(), seconds=1)
