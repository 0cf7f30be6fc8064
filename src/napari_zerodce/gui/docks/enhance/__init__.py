"""The Enhance dock: it makes an enhanced result layer from an image layer."""
