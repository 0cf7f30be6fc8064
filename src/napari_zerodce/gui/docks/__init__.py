"""The docks, each in a folder with its form, its own parts, and its background work."""
