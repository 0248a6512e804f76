"""What a text is worth, and what must not be posted; no language model, no torch."""
