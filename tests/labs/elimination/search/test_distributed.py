"""A search on a real cluster: workers that die or lie cost time, and nothing else."""

import json
import threading
import time
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import pytest

from difflab.core.linear import plain
from difflab.labs.elimination import game
from difflab.labs.elimination.search.found import Found
from difflab.labs.elimination.search.methods import work

distributed = pytest.importorskip("distributed", reason="pip install difflab[distributed]")

TASK = json.loads((Path(__file__).parents[1] / "data" / "alphagrad_scalar_tasks.json").read_text())["tasks"][
    "RoeFlux_1d"
]


def boasted(unit):
    """What a lying worker claims."""
    claim = work(replace(unit, seconds=min(unit.seconds, 0.1)))
    return replace(claim, cost=claim.cost - 7) if isinstance(claim, Found) else replace(claim, value=claim.value + 99)


class EveryOtherLies(Executor):
    """Hands work to another executor; every second unit goes to a liar."""

    def __init__(self, inner: Executor) -> None:
        self.inner, self.count = inner, 0

    def submit(self, fn, /, *args, **kwargs):
        self.count += 1
        return self.inner.submit(boasted if self.count % 2 else fn, *args, **kwargs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_killed_in_the_middle_and_a_liar_lose_nothing_but_time():
    linear = plain([tuple(edge) for edge in TASK["edges"]], [-k for k in range(1, 7)], TASK["outputs"], "RoeFlux_1d")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = EveryOtherLies(client.get_executor())
        killed = []

        def kill() -> None:
            time.sleep(6)
            victim = next(iter(cluster.workers.values()))
            killed.append(victim.pid)
            victim.process.process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        found = game(linear).search(budget=60, cost="all_edges", executor=executor, workers=2, progress=False)
        thread.join()
    assert killed
    assert found.elimination.counts.scalar_cost == found.cost <= 304
    assert found.bound <= 295
    assert any("claims" in line or "prove" in line for line in found.refused), found
