"""What OpenRouter's ids, prices and dates mean."""
