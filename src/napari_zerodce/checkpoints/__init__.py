"""Checkpoints: what is known of them, where they are, how they are loaded, saved and fetched."""
