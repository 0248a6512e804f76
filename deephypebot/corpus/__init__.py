"""From text on disk to sentences with attributes, and their frozen split."""
