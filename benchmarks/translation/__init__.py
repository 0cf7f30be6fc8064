"""Small tasks on which pix2pix, CycleGAN and CUT are trained, and switched off in parts."""
