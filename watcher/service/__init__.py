"""The loop that polls and delivers, with systemd, logs and metrics."""
