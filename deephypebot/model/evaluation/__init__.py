"""What a checkpoint is worth: every measure, the value of held-out corpus text beside it."""
