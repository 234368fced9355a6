"""The checker: what was accepted, streams, stores and views, held against each other and against a fresh fold."""
