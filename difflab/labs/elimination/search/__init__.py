"""Cheaper orders: greedy rules, annealing, exact windows, chunks, edge elimination, and the driver of them all."""
