"""Text that is safe to show and easy to read: cleaning, redaction, times and counts in words."""
