"""The commands, by subject, and what they print."""
