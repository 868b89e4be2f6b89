"""Events in words: a line, a message, cut to fit."""
