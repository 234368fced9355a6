"""Triage: notices who needs a human now, and why."""
