"""How long members wait, whether promises to them are kept, and who is there for them."""

from __future__ import annotations

from typing import Final

from infra.observability.dashboards.board import Board, Query, Row, heat, lines, number, stacked

_NOW: Final = Row(
    title="Now",
    panels=(
        number(
            "Urgent and not claimed",
            "Open urgent touches that nobody has claimed.",
            'sum(warmline_touches_open{urgency="urgent", state=~"raised|held|assigned"}) or vector(0)',
            warns=1,
        ),
        number(
            "Oldest urgent one",
            "How long ago the oldest urgent touch that nobody has claimed was raised.",
            'max(warmline_touch_oldest_unclaimed_seconds{urgency="urgent"})',
            unit="s",
            warns=1800,
        ),
        number(
            "Late",
            "Touches that nobody has claimed in the time promised, of any urgency.",
            "sum(warmline_touches_late)",
            warns=1,
        ),
        number("Held", "Touches that nobody could be given.", "sum(warmline_touches_held) or vector(0)", warns=1),
        number(
            "People available",
            "Responders who would be given a touch now.",
            'sum(warmline_responders{standing="available"})',
        ),
        number(
            "At a limit",
            "Responders who work now and carry what they may.",
            'sum(warmline_responders{standing="over-limit"})',
            warns=1,
        ),
    ),
)

_QUEUE: Final = Row(
    title="The queue",
    panels=(
        stacked(
            "Open touches by state",
            "All that is open.",
            Query(expr="sum by (state) (warmline_touches_open)", legend="{{state}}"),
        ),
        stacked(
            "Open touches by urgency",
            "All that is open.",
            Query(expr="sum by (urgency) (warmline_touches_open)", legend="{{urgency}}"),
        ),
        stacked(
            "Held, by why",
            "Touches that nobody could be given: over limits, outside hours, on leave.",
            Query(expr="sum by (hold) (warmline_touches_held)", legend="{{hold}}"),
        ),
        lines(
            "Oldest that nobody has claimed",
            "How long ago it was raised.",
            Query(expr="max by (urgency) (warmline_touch_oldest_unclaimed_seconds)", legend="{{urgency}}"),
            unit="s",
            width=12,
        ),
        lines(
            "Late, by urgency",
            "Touches that nobody has claimed in the time promised.",
            Query(expr="sum by (urgency) (warmline_touches_late)", legend="{{urgency}}"),
            width=12,
        ),
    ),
)

_PROMISES: Final = Row(
    title="Promises: of 100 urgent touches 95 are acknowledged in time",
    panels=(
        lines(
            "Broken, of those decided within 6 hours",
            "Of the touches that were acknowledged or whose time is over, the share for which the promise was broken.",
            Query(expr="urgency:warmline_promises_broken:ratio_rate6h", legend="{{urgency}}"),
            unit="percentunit",
        ),
        lines(
            "How fast the budget of urgent ones burns",
            "1 uses up what may be broken in 30 days within 30 days; somebody is woken from 14.4 in an hour and 6 in "
            "six hours on.",
            Query(expr='urgency:warmline_promises_broken:ratio_rate1h{urgency="urgent"} / 0.05', legend="1 hour"),
            Query(expr='urgency:warmline_promises_broken:ratio_rate6h{urgency="urgent"} / 0.05', legend="6 hours"),
            Query(expr='urgency:warmline_promises_broken:ratio_rate3d{urgency="urgent"} / 0.05', legend="3 days"),
        ),
        stacked(
            "Kept and broken",
            "In each hour, of any urgency.",
            Query(
                expr='sum by (kept) (increase(warmline_promises_total{kept="yes"}[1h]))',
                legend="kept",
            ),
            Query(
                expr='sum by (kept) (increase(warmline_promises_total{kept="no"}[1h]))',
                legend="broken",
            ),
        ),
    ),
)

_RESPONSE: Final = Row(
    title="How long members wait for a human",
    panels=(
        heat(
            "From the event to the acknowledgement",
            "How many touches were acknowledged after how long.",
            'sum by (le) (increase(warmline_touch_step_seconds_bucket{step="acknowledged"}[$__rate_interval]))',
            unit="s",
        ),
        heat(
            "From the event to the settlement",
            "How many touches were settled after how long.",
            'sum by (le) (increase(warmline_touch_step_seconds_bucket{step="settled"}[$__rate_interval]))',
            unit="s",
        ),
        lines(
            "Acknowledged, 95 of 100",
            "How long after the event at which the need began, by urgency.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, urgency) "
                '(rate(warmline_touch_step_seconds_bucket{step="acknowledged"}[1h])))',
                legend="{{urgency}}",
            ),
            unit="s",
        ),
        lines(
            "Settled, 95 of 100",
            "The same, until settled.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, urgency) "
                '(rate(warmline_touch_step_seconds_bucket{step="settled"}[1h])))',
                legend="{{urgency}}",
            ),
            unit="s",
        ),
        lines(
            "Told, 95 of 100",
            "How long after the event its responder was told.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, urgency) (rate(warmline_notice_delay_seconds_bucket[1h])))",
                legend="{{urgency}}",
            ),
            unit="s",
        ),
    ),
)

_PEOPLE: Final = Row(
    title="The people",
    panels=(
        stacked(
            "Responders by how they stand",
            "For a touch now: available, at a limit, outside hours, on leave.",
            Query(expr="sum by (standing) (warmline_responders)", legend="{{standing}}"),
        ),
        lines(
            "Hours without anybody, of the next 24",
            "For how long nobody of an organisation works; and how much of that lies within its own hours.",
            Query(expr="max by (organisation) (warmline_coverage_gap_seconds)", legend="{{organisation}}"),
            Query(
                expr="max by (organisation) (warmline_coverage_missing_seconds)",
                legend="{{organisation}}: of its own hours",
            ),
            unit="s",
        ),
        lines(
            "Notices",
            "Attempts to tell somebody, by channel and what came of it, a second.",
            Query(
                expr="sum by (channel, outcome) (rate(warmline_notices_total[$__rate_interval]))",
                legend="{{channel}} {{outcome}}",
            ),
            unit="cps",
        ),
    ),
)

CARE: Final = Board(
    name="care",
    title="Warmline: Care",
    meaning="How long members wait, whether promises are kept, and who is there for them.",
    rows=(_NOW, _QUEUE, _PROMISES, _RESPONSE, _PEOPLE),
    hours=24,
)
