"""Platforms that are asked for what is new, one round after the other."""
