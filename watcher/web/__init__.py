"""What is served over HTTP: metrics and health."""
