"""Numbers with units as one reads them: `32.8 kFLOP`, `12 KiB`, `1.4 ms`."""

from __future__ import annotations

_SI = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def operations(count: int) -> str:
    """`32.8 kFLOP`; three digits."""
    value, step = _scaled(count, 1000, len(_SI))
    return f"{value} {_SI[step]}FLOP"


def memory(size: int) -> str:
    """`12 KiB`; three digits, powers of 1024."""
    value, step = _scaled(size, 1024, len(_BINARY))
    return f"{value} {_BINARY[step]}"


def duration(milliseconds: float | int) -> str:
    """`1.4 ms`, `35 µs`, `2.1 s`."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3g} s"
    return f"{milliseconds:.3g} ms" if milliseconds >= 1 else f"{milliseconds * 1000:.3g} µs"


def _scaled(number: int, base: int, steps: int) -> tuple[str, int]:
    value, step = float(number), 0
    while value >= 999.5 and step < steps - 1:
        value, step = value / base, step + 1
    if value and value < 1:
        return f"{value:.2g}", step
    return f"{value:.3g}", step
