"""Training without references: simulated exposures, batches, the loop."""
