"""Networks that turn a picture into another picture: pix2pix, CycleGAN and CUT."""
