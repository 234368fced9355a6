"""Deliveries to integrators: each needs-touch as a signed webhook, in order, at least once."""
