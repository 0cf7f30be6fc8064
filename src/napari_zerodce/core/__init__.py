"""The mathematics of Zero-DCE: curves, the networks that estimate them, the losses. Torch only."""
