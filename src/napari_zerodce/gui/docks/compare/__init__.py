"""The Compare dock: several ways to enhance one image, beside each other and in figures."""
