"""The backends that estimate the curves of a block of pixels: one file for each."""
