"""Text made safe to show: remote text, secrets, times in words."""
