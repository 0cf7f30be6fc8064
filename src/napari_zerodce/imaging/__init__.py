"""The geometry of images: intensities, planes, tiles, files. NumPy and dask, no torch."""
