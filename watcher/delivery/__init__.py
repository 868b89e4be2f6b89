"""From the outbox to the channel."""
