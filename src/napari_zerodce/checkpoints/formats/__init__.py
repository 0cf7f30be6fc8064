"""The file formats of checkpoints, one per module. No code in a checkpoint is executed."""
