"""Which trace a request belongs to, so that what is logged meanwhile and what is stored name the same."""

from __future__ import annotations

import re

import pytest
from opentelemetry import trace

from shared.telemetry.traces import request_trace

SENDERS = "0af7651916cd43dd8448eb211c80319c"


def current_trace() -> str | None:
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def test_a_sender_that_traces_finds_its_own_trace() -> None:
    traceparent = f"00-{SENDERS}-b7ad6b7169203331-01"
    with request_trace("a request", traceparent) as stored:
        assert stored == traceparent
        assert current_trace() == SENDERS
    assert current_trace() is None


@pytest.mark.parametrize("traceparent", [None, ""])
def test_any_other_request_is_given_one_of_its_own(traceparent: str | None) -> None:
    given = []
    for _ in range(2):
        with request_trace("a request", traceparent) as stored:
            assert stored is not None
            assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", stored)
            assert current_trace() == stored[3:35]
            given.append(stored)
        assert current_trace() is None
    assert given[0] != given[1]
