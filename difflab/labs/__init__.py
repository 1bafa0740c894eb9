"""Floor 2: one room per pillar. The rooms are strangers to each other; what two need moves down to `core`."""
