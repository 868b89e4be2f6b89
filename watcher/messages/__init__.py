"""Events in words: one line per event, messages, and cutting them to fit."""
