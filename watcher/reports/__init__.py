"""Questions answered from the store and from recordings, for people and machines."""
