"""rules.yaml as a checked value, or every mistake with its line."""
