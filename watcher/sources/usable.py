"""Which ids of an answer can be stored, shown and matched."""

LONGEST_ID = 256  # characters


def is_usable_id(text: str) -> bool:
    """Whether an id is neither empty, overlong nor made of characters that cannot be shown."""
    return 0 < len(text) <= LONGEST_ID and text.isprintable()
