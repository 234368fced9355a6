"""Rebuilding what is derived, beside the live copy, and putting it in its place while the system runs."""
