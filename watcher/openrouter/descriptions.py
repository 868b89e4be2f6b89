"""What a model's description says of its deprecation, where its form is plain."""

import re

DEPRECATED = re.compile(
    r"(?:^|[.:!]\s+)This model (?:is|has been|will be)(?: being| now)? deprecated\b", re.IGNORECASE
)
REPLACEMENT = re.compile(
    r"(?:replacement is|replaced by|superseded by|use|migrate to)\b[^.\n]{0,60}?"
    r"\]\(/(?P<model>[\w.~-]+/[\w.:-]+)\)",
    re.IGNORECASE,
)


def deprecation(description: object) -> str | None:
    """Return `deprecated`, with the replacement if one is named; None where nothing plain is said."""
    if not isinstance(description, str) or not DEPRECATED.search(description):
        return None
    found = REPLACEMENT.search(description)
    return f"deprecated; recommended replacement: {found['model']}" if found else "deprecated"
