"""What several docks use: the dock itself, choosing a layer, running and following."""
