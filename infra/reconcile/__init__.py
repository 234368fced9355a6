"""Bringing database and streams together when one was restored from an earlier moment than the other."""
