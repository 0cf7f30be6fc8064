"""The Fine-tune dock: train on your own images, follow the run, keep the best checkpoint."""
