"""The kinds of outputs: each is written by regions in any order, and continued by a later run."""
