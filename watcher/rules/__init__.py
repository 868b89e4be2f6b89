"""Which events are told to whom."""
