from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.community_map import Community, CommunityMap
from services.ingest.envelope import RawEvent
from services.ingest.principal import Administrator, Principal, SourcePrincipal
from services.ingest.refusal import Refusal
from services.ingest.validation import MAX_STORED_BYTES, ValidEvent, validate
from shared.contracts.cloudevents import decode_member_event
from shared.contracts.member_events import MEMBER_EVENT_TYPES

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACME = Community(name="acme", organisation="org", announced=True)
KNOWN = CommunityMap(communities={"acme": ACME}, accepting=None)
OPEN = CommunityMap(communities={"acme": ACME}, accepting="open-org")
SOURCE = SourcePrincipal(community="acme", platform="discord", name="guild")
DATA = {"member": {"id": "u77"}, "conversation": "c-51", "message": "m-8812", "text": "How?"}
NAMED = {**DATA, "community": "acme", "platform": "discord"}


def raw(data: Any = DATA, **attributes: Any) -> RawEvent:
    given_attributes = {
        "specversion": "1.0",
        "id": "post:m-8812:1",
        "source": "/discord/guild",
        "type": "warmline.member.posted.v1",
        "time": "2026-11-22T08:15:00Z",
        **attributes,
    }
    return RawEvent(**given_attributes, data=msgspec.Raw(json.dumps(data).encode()))


def fate(event: RawEvent, principal: Principal = SOURCE, communities: CommunityMap = KNOWN) -> ValidEvent | Refusal:
    return validate(event, principal, communities, NOW, None)


def test_a_source_decides_community_and_platform() -> None:
    valid = fate(raw())
    assert isinstance(valid, ValidEvent)
    event = valid.event
    assert (event.organisation, event.community, event.platform) == ("org", "acme", "discord")
    assert (event.data.community, event.data.platform) == ("acme", "discord")  # type: ignore[union-attr]
    assert decode_member_event(valid.body) == event


def test_what_is_planned_lies_in_a_time_that_clocks_have_and_does_not_end_before_it_begins() -> None:
    data = {"member": {"id": "u77"}, "gathering": "call", "starts_at": "2026-11-27T19:00:00+01:00"}
    planned = "warmline.member.planned.v1"
    valid = fate(raw(data, type=planned))
    assert isinstance(valid, ValidEvent)
    assert valid.event.data.starts_at.tzinfo is UTC  # type: ignore[union-attr]
    for change, field in (
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "data.starts_at"),
        ({"ends_at": "9999-12-31T23:59:59-14:00"}, "data.ends_at"),
        ({"ends_at": "2026-11-27T17:59:59Z"}, "data.ends_at"),
    ):
        refused = fate(raw({**data, **change}, type=planned))
        assert isinstance(refused, Refusal)
        assert (refused.code, refused.field) == ("bad-time", field)


def test_the_administrator_must_name_them() -> None:
    assert isinstance(fate(raw(NAMED), Administrator()), ValidEvent)
    refused = fate(raw(), Administrator())
    assert isinstance(refused, Refusal)
    assert (refused.field, refused.forbidden) == ("data.community", False)


def test_an_unknown_community_needs_an_organisation_that_accepts_it() -> None:
    event = raw({**NAMED, "community": "new"})
    refused, valid = fate(event, Administrator(), KNOWN), fate(event, Administrator(), OPEN)
    assert isinstance(refused, Refusal)
    assert refused.code == "unknown-community"
    assert isinstance(valid, ValidEvent)
    assert valid.event.organisation == "open-org"


@pytest.mark.parametrize(
    ("sent", "stored", "clamped"),
    [
        ("2026-11-22T08:15:00+01:00", datetime(2026, 11, 22, 7, 15, tzinfo=UTC), False),
        ("2026-11-22T12:05:00Z", NOW + timedelta(minutes=5), False),
        ("2026-11-22T12:05:01Z", NOW, True),
        ("9999-12-31T23:59:59-12:00", NOW, True),
    ],
)
def test_time_is_utc_and_never_far_ahead(sent: str, stored: datetime, clamped: bool) -> None:
    valid = fate(raw(time=sent))
    assert isinstance(valid, ValidEvent)
    assert (valid.event.time, valid.event.timeclamped) == (stored, clamped)


def test_a_nul_that_is_only_spoken_of_is_kept() -> None:
    valid = fate(raw({**DATA, "text": "what does \\u0000 mean?"}))
    assert isinstance(valid, ValidEvent)


def test_an_event_has_a_largest_size() -> None:
    fits, too_large = fate(raw({**DATA, "text": "€" * 80_000})), fate(raw({**DATA, "text": "€" * 90_000}))
    assert isinstance(fits, ValidEvent)
    assert len(fits.body) <= MAX_STORED_BYTES
    assert isinstance(too_large, Refusal)
    assert too_large.code == "too-large"


def test_a_reason_says_what_to_change() -> None:
    reasons = {
        "data.member.id": {**DATA, "member": {"id": 5}},
        "data.message": {name: value for name, value in DATA.items() if name != "message"},
        "data.audience": {**DATA, "audience": "dm"},
        "data.conversation": {**DATA, "conversation": ""},
    }
    told = {field: refusal.reason for field, data in reasons.items() if isinstance(refusal := fate(raw(data)), Refusal)}
    assert told == {
        "data.member.id": "must be text, not a whole number",
        "data.message": "is required: add it",
        "data.audience": "must be one of: public, members, private",
        "data.conversation": "must have at least 1 characters",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("member", "conversation", "message", "text", "community", "platform", "url", "roles", "score", "audience")
texts = st.none() | st.text(max_size=30)


@given(
    data=json_values
    | st.builds(lambda change: {**NAMED, **change}, st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=3)),
    specversion=texts | st.just("1.0"),
    id=texts,
    source=texts | st.just("/discord/guild"),
    type=texts | st.sampled_from(sorted(MEMBER_EVENT_TYPES)),
    time=texts | st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    datacontenttype=texts,
    principal=st.sampled_from([Administrator(), SOURCE]),
    communities=st.sampled_from([KNOWN, OPEN]),
)
def test_every_event_is_valid_or_refused_and_what_is_valid_can_be_read_again(
    data: Any, principal: Principal, communities: CommunityMap, **attributes: Any
) -> None:
    outcome = fate(raw(data, **attributes), principal, communities)
    if isinstance(outcome, ValidEvent):
        assert decode_member_event(outcome.body) == outcome.event
        assert "\0" not in repr(outcome.event)
    else:
        assert outcome.field
        assert outcome.reason
