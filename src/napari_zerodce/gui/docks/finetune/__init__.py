"""The Fine-tune dock: train on your own images, watch it, keep the better checkpoint."""
