"""The event store: one set of tables per partition, written by its owner alone.

Tables, reading side, notification log and tracking are eventsourcing's (https://eventsourcing.readthedocs.io); the
writing side is one fenced statement of our own, see ``recorder.py``.
"""
