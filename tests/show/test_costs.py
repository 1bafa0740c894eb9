"""The table of costs: rows, order, shares, text."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import difflab as dl
from difflab.core.cost import tally
from difflab.show.quantities import duration, memory, operations

W = np.eye(16, dtype=np.float32)
X = np.ones(16, np.float32)


def stack(w, x):
    for k in range(3):
        with jax.named_scope(f"layer{k}"):
            for _ in range(k + 1):
                x = jnp.tanh(w @ x)
    return lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=5)[0].sum()


def test_rows_cover_the_whole_and_are_sorted():
    table = dl.graph(stack, W, X).costs()
    assert [row.label for row in table][:2] == ["layer2", "layer1"]
    for measure in ("flops", "bytes", "kept", "equations"):
        values = [row.measure(measure) for row in table.sorted(measure)]
        assert sum(values) == table.total.measure(measure)
        assert values == sorted(values, reverse=True)
    assert sum(row.share for row in table) == pytest.approx(1)


def test_rows_inside_of_a_loop_are_of_all_trips():
    table = dl.graph(stack, W, X).costs(2)
    (loop,) = [row for row in table if row.label.startswith("scan")]
    assert loop.label.endswith("× 5")
    assert sum(row.cost.flops for row in loop.inside) == loop.cost.flops == 5 * 16


def test_a_table_by_memory_says_how_it_was_found():
    assert "derivative rules" in str(dl.graph(stack, W, X).costs(by="kept"))
    table = dl.graph(jax.grad(stack), W, X).costs(by="kept")
    assert "read off" in str(table)
    assert table.rows[0].kept == max(row.kept for row in table) > 0


def test_the_text_is_aligned_and_ends_with_the_total():
    lines = str(dl.graph(stack, W, X).costs(2)).splitlines()
    assert lines[0].startswith("scope") and "share of flops" in lines[0]
    rule = next(k for k, line in enumerate(lines) if line.startswith("─"))
    assert {len(line) for line in lines[:rule]} == {len(lines[0])}
    assert lines[rule + 1].startswith("stack") and "100.0%" in lines[rule + 1]


def test_a_long_table_is_cut_and_says_so():
    def long(x):
        for k in range(100):
            with jax.named_scope(f"part{k}"):
                x = jnp.sin(jnp.cos(x))
        return x

    table = dl.graph(long, X).costs(2)
    (repeat,) = table
    assert repeat.label == "part × 100" and len(repeat.inside) == 100
    assert "… 41 more rows" in str(table)


def test_xla_is_asked_on_demand():
    made = dl.graph(lambda w, x: w @ x, W, X)
    assert made.costs().xla()["flops"] == tally(made).total.flops == 512


def test_the_table_says_that_xla_counts_a_loop_once():
    assert "a loop's body counts once" in str(dl.graph(stack, W, X).costs())
    assert "loop" not in str(dl.graph(jnp.sin, X).costs())


def test_what_is_no_column_or_depth_is_refused():
    made = dl.graph(jnp.sin, X)
    with pytest.raises(ValueError, match="flops, bytes, kept, equations"):
        made.costs(by="time")
    with pytest.raises(ValueError, match="depth is 0"):
        made.costs(0)


def test_quantities_have_three_digits_and_a_unit():
    assert [operations(n) for n in (0, 999, 1000, 32_768, 6_100_000_000_000)] == [
        "0 FLOP", "999 FLOP", "1 kFLOP", "32.8 kFLOP", "6.1 TFLOP",
    ]  # fmt: skip
    assert [memory(n) for n in (0, 512, 12 * 1024, 3 * 1024**3)] == ["0 B", "512 B", "12 KiB", "3 GiB"]
    assert [duration(t) for t in (0.035, 1.4, 2100.0)] == ["35 µs", "1.4 ms", "2.1 s"]
