"""The errors that a caller may want to catch."""

from __future__ import annotations


class DifflabError(Exception):
    """Base of difflab's own errors."""


class CaptureError(DifflabError):
    """The user's function raised while JAX traced it; the message starts at the user's own line."""


class UnsupportedError(DifflabError):
    """A part of the function is outside what was asked of it; the message names the primitive and the line."""
