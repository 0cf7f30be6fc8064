"""How methods compare on one image: checkpoints and classical baselines, pictures and figures."""
