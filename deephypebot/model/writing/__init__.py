"""From a song and attributes to texts, without torch."""
