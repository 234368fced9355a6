"""Projections: read models, JSON API and the desk."""
