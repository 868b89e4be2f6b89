"""The running service: its main loop, systemd, logs and metrics."""
