"""The methods that turn a tile of a plane into a result: one file for each."""
