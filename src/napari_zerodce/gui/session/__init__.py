"""The state that outlives a dock: the viewer's session, its jobs and its training run."""
