"""Checkpoints: the facts about each one, its place, and how to load, save and download it."""
