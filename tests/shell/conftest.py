"""Here messages are sent by forked children."""

from tests.support.warm_sender import warm_senders

__all__ = ["warm_senders"]
