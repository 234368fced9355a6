"""Who sent a request: one module for each scheme by which platforms sign. A verifier may raise anything: that is no."""
