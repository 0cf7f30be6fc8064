"""The file formats of checkpoints, one a file; nothing in a file is executed."""
