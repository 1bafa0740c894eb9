"""Symbolic Jacobian checker."""

from difflab.labs.check.alone import check_rule
from difflab.labs.check.check import assert_grads, check, check_call
from difflab.labs.check.report import CheckFailed, Entry, PointRecord, Report

__all__ = ["CheckFailed", "Entry", "PointRecord", "Report", "assert_grads", "check", "check_call", "check_rule"]
