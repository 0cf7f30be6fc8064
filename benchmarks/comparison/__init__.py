"""How results are measured, on which pictures, and against which other methods."""
