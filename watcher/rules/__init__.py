"""Which events are reported to whom, and how urgent they are."""
