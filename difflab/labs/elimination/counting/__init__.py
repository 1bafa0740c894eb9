"""What the elimination game is in numbers, and what each model counts."""
