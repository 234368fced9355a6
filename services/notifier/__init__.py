"""Notifier: brings each touch to the right human, inside that human's hours and limits."""
