"""Messages on their way from the outbox to the channels."""
