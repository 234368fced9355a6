"""Which trace a request belongs to, so that what is logged meanwhile and what is stored name the same."""

from __future__ import annotations

import re

import pytest

from shared.telemetry.traces import MOST_LINKS, TRACEPARENT, current_trace_id, links_to, request_trace

SCOPE = {"method": "POST", "path": "/v1/events", "scheme": "http"}
SENDERS = "0af7651916cd43dd8448eb211c80319c"


def test_a_sender_that_traces_finds_its_own_trace() -> None:
    traceparent = f"00-{SENDERS}-b7ad6b7169203331-01"
    with request_trace("/v1/events", SCOPE, traceparent) as stored:
        assert stored == traceparent
        assert current_trace_id() == SENDERS
    assert current_trace_id() is None


@pytest.mark.parametrize("traceparent", [None, ""])
def test_any_other_request_is_given_one_of_its_own(traceparent: str | None) -> None:
    given = []
    for _ in range(2):
        with request_trace("/v1/events", SCOPE, traceparent) as stored:
            assert stored is not None
            assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", stored)  # found in logs, and recorded nowhere
            assert current_trace_id() == stored[3:35]
            given.append(stored)
        assert current_trace_id() is None
    assert given[0] != given[1]


def test_a_batch_is_linked_to_the_recorded_traces_in_it_once_each_and_not_to_all() -> None:
    def header(number: int, flag: str = "01") -> dict[str, str]:
        return {TRACEPARENT: f"00-{number:032x}-b7ad6b7169203331-{flag}"}

    headers = [None, {}, header(1), header(1), header(2, "00"), {TRACEPARENT: "nonsense-01"}, header(3)]
    assert [link.context.trace_id for link in links_to(headers)] == [1, 3]
    assert len(links_to([header(number) for number in range(1, 500)])) == MOST_LINKS


def test_of_the_senders_flags_only_that_which_says_recorded_is_kept() -> None:
    with request_trace("/v1/events", SCOPE, f"00-{SENDERS}-b7ad6b7169203331-03") as stored:
        assert stored == f"00-{SENDERS}-b7ad6b7169203331-01"
