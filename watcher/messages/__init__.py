"""Events in words: a line for each, in one message that says the most urgent first."""
