"""The Train translator dock and its parts."""
