"""The Curve maps dock: the curve parameter maps as layers, and the curves of pixels."""
