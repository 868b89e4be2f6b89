"""The nouns that every other folder uses; imports nothing."""
