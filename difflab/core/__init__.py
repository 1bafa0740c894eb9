"""Floor 1: what a computation is. Knows JAX, and nothing of the floors above."""
