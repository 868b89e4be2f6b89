"""The nouns, shared by everything and importing nothing."""
