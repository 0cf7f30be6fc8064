"""What the docks that train have in common: images, controls, plot, preview, checkpoints."""
