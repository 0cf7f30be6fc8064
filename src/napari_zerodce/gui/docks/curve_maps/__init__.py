"""The Curve maps dock: what the network decided, as layers and as curves of pixels."""
