"""Backup of both stores as a pair, and its restoration: the database is always the earlier of the two."""
