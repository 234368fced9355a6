"""Logs of the services' parts, kept out of a command's output."""

from __future__ import annotations

import logging
import sys

import structlog


def quiet_logs() -> None:
    """Let only what is critical be logged, on stderr: the rest is in what the command itself tells."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
