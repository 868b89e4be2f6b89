"""What differs, lasts and so is news."""
