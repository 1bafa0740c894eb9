"""Symbolic Jacobian checker."""

from difflab.labs.check.check import check, check_call
from difflab.labs.check.report import CheckFailed, Entry, Report

__all__ = ["CheckFailed", "Entry", "Report", "check", "check_call"]
