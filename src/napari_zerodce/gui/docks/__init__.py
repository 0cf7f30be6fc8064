"""The four docks, each in a folder with its form, what only it uses, and its work in threads."""
