"""The geometry of images: intensities, planes, tiles and files, with NumPy and without torch."""
