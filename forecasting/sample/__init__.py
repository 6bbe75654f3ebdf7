"""The made-up retailer: its files, and the cycles it has behind it."""
