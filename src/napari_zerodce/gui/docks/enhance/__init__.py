"""The Enhance dock: an image layer becomes an enhanced one."""
