"""What one tile of a plane becomes: one method a file."""
