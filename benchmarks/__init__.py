"""Measurements, as commands. They are no tests: nothing passes or fails by the clock."""
