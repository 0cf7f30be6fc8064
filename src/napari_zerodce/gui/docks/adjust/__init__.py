"""The Adjust dock: every look of what is on screen at once, before and after."""
