"""Tests of difflab; the folders mirror the package."""
