"""How generators are trained: pix2pix on pairs, CycleGAN and CUT on two sets of images."""
