"""What differs, what lasts, and so what is news: one poll becomes a plan."""
