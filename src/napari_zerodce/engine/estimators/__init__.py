"""Who estimates the curves of a block of pixels: one backend a file."""
