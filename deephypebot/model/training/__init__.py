"""Training: gradient loops, and what is fitted to text or to drafts afterwards."""
