"""The mathematics of Zero-DCE: curves, the networks that estimate them, and the losses."""
