"""Ingest: the door through which member events, policies and imports enter."""
