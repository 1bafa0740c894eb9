"""Jacobians that run: elimination with arrays, colourings, cuts, and the choice among them."""
