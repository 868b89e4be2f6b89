"""Causes that more than one part of watcher knows by name, in a reader's words."""

SERVED_BY = "the host {} now serves it"
ROUTED = "another host now serves it"
PERHAPS_ROUTED = "another host probably serves it now"
"""The cause of another price in the list where its providers are not known."""
OF_ROUTING = (SERVED_BY, ROUTED, PERHAPS_ROUTED)
WITHOUT_NOTICE = "without notice"
ON_TIME = "on its announced date"
EARLY = "before its announced date"
OF_REMOVAL = (WITHOUT_NOTICE, ON_TIME, EARLY)
CACHE = "cache prices changed"
OTHER = "other prices changed"
SEEN_IN_LINE = frozenset({CACHE, OTHER})
"""What the line of an event says already."""
