"""Which events are reported to whom."""
