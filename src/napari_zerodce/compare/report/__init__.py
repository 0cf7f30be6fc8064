"""The report of comparisons: a page with pictures and tables, and the figures as CSV and JSON."""
