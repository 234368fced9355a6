"""Whether care is flowing: from platforms to humans as one picture."""

from __future__ import annotations

from typing import Final

from infra.observability.dashboards.board import Board, Query, Row, lines, number, stacked

_PASSES: Final = Row(
    title="What passes: from platforms on the left to humans on the right",
    panels=(
        number(
            "1 · Taken from platforms",
            "Member events accepted, a second.",
            'sum(rate(warmline_events_total{fate="accepted"}[$__rate_interval]))',
            unit="cps",
        ),
        number(
            "2 · Read by triage",
            "Member events that triage has stored, a second. Lasting less than what is taken: triage falls behind.",
            'sum(rate(messaging_client_consumed_messages_total{messaging_consumer_group_name="triage",'
            'messaging_destination_name="MEMBER_EVENTS"}[$__rate_interval]))',
            unit="cps",
        ),
        number(
            "3 · Touches raised",
            "In the last hour.",
            'sum(increase(warmline_touch_step_seconds_count{step="raised"}[1h]))',
        ),
        number(
            "4 · People told",
            "Notices sent in the last hour.",
            'sum(increase(warmline_notices_total{outcome="sent"}[1h]))',
        ),
        number(
            "5 · Acknowledged",
            "Touches first claimed, or settled without, in the last hour.",
            'sum(increase(warmline_touch_step_seconds_count{step="acknowledged"}[1h]))',
        ),
        number(
            "6 · Settled",
            "In the last hour.",
            'sum(increase(warmline_touch_step_seconds_count{step="settled"}[1h]))',
        ),
    ),
)

_WAITS: Final = Row(
    title="What waits before each of them",
    panels=(
        number(
            "Refused at the door",
            "Member events that ingest refused, in the last hour; below is why.",
            "sum(increase(warmline_events_refused_total[1h])) or vector(0)",
        ),
        number(
            "Waits for triage",
            "Messages that triage has not read yet.",
            'sum(warmline_reader_behind_messages{service="triage"})',
            warns=10_000,
        ),
        number(
            "Waits to be published",
            "Entries of the services' logs that the relays have not passed on yet.",
            "sum(warmline_relay_waiting_entries)",
            warns=10_000,
        ),
        number("Waits to be sent", "Notices that are not sent yet.", "sum(warmline_notices_waiting)", warns=100),
        number(
            "Waits for a human",
            "Open touches that nobody has claimed.",
            'sum(warmline_touches_open{state=~"raised|held|assigned"}) or vector(0)',
        ),
        number(
            "In human hands",
            "Touches that somebody has claimed and not settled.",
            'sum(warmline_touches_open{state="claimed"}) or vector(0)',
        ),
    ),
)

_ARRIVES: Final = Row(
    title="What arrives",
    panels=(
        stacked(
            "Events by source",
            "Member events accepted, a second. Of sources, the first hundred of each process are told apart.",
            Query(
                expr='sum by (source) (rate(warmline_events_total{fate="accepted"}[$__rate_interval]))',
                legend="{{source}}",
            ),
            unit="cps",
        ),
        stacked(
            "Events by kind",
            "Member events accepted, a second.",
            Query(
                expr='sum by (kind) (rate(warmline_events_total{fate="accepted"}[$__rate_interval]))', legend="{{kind}}"
            ),
            unit="cps",
        ),
        lines(
            "Refused and repeated",
            "Refused by why, and duplicates, which senders may send as often as they like.",
            Query(expr="sum by (code) (rate(warmline_events_refused_total[$__rate_interval]))", legend="{{code}}"),
            Query(expr='sum(rate(warmline_events_total{fate="duplicate"}[$__rate_interval]))', legend="duplicates"),
            unit="cps",
        ),
    ),
)

_TAKES: Final = Row(
    title="How long it takes",
    panels=(
        lines(
            "From the event to each step, 95 of 100",
            "How long after the event at which the need began a touch was raised, acknowledged and settled. A point "
            "beside a line is a touch whose trace is recorded.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, step) (rate(warmline_touch_step_seconds_bucket[1h])))",
                legend="{{step}}",
            ),
            Query(
                expr="histogram_quantile(0.95, sum by (le) (rate(warmline_notice_delay_seconds_bucket[1h])))",
                legend="told",
            ),
            unit="s",
            width=12,
        ),
        lines(
            "From the event to each step, half of them",
            "The same, for the median touch.",
            Query(
                expr="histogram_quantile(0.5, sum by (le, step) (rate(warmline_touch_step_seconds_bucket[1h])))",
                legend="{{step}}",
            ),
            Query(
                expr="histogram_quantile(0.5, sum by (le) (rate(warmline_notice_delay_seconds_bucket[1h])))",
                legend="told",
            ),
            unit="s",
            width=12,
        ),
    ),
)

_WRONG: Final = Row(
    title="Whether something is wrong",
    panels=(
        number("Alarms", "Alarms that stand: docs/alarms.md says what to do.", "sum(warmline_alarm)", warns=1),
        number("Dead letters", "Messages that could not be processed.", "sum(warmline_dead_letters_open)", warns=1),
        number("Quiet sources", "Sources that are quiet beyond their rhythm.", "warmline_sources_quiet", warns=1),
        lines(
            "Alarms by name",
            "1 while the alarm stands.",
            Query(expr="max by (alarm) (warmline_alarm)", legend="{{alarm}}"),
            width=12,
        ),
    ),
)

FLOW: Final = Board(
    name="flow",
    title="Warmline: Flow",
    meaning="Whether care is flowing, from the platforms to the humans.",
    rows=(_PASSES, _WAITS, _ARRIVES, _TAKES, _WRONG),
)
