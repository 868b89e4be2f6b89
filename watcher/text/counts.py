"""Counts in words."""


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: `1 rule`, `2,000 rules`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
