"""The Adjust dock: change the look of the part on screen, and compare before and after."""
