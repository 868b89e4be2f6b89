"""Watch OpenRouter's model catalog and tell people what changed."""

__version__ = "0.1.0"
