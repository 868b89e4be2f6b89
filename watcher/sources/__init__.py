"""Where the news comes from: one file for each source, and how it is fetched."""
