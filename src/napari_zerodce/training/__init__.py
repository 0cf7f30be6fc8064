"""Training without reference images: crops, batches, the loop, and the files of a run."""
