"""A raw event and who sent it to a member event, or to the reason why not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.ingest.community_map import CommunityMap
from services.ingest.envelope import RawEvent
from services.ingest.platforms.facts import Fact
from services.ingest.principal import Principal, SourcePrincipal
from services.ingest.refusal import Refusal, RefusalCode, field_problem
from shared.contracts.cloudevents import SPEC_VERSION, MemberEvent, encode_member_event, type_name
from shared.contracts.member_events import MEMBER_EVENT_TYPES, MemberEventData, Planned
from shared.contracts.warmline_facts import PLATFORM

MAX_STORED_BYTES: Final = 256 * 1024
MAX_ID_LENGTH: Final = 200
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_PLANNED: Final = datetime(2200, 1, 1, tzinfo=UTC)

_ZONED: Final = Annotated[datetime, msgspec.Meta(tz=True)]
_SOURCE: Final = re.compile(r"/(?P<platform>[a-z0-9-]{1,40})/[a-z0-9-]{1,40}")
_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")
_KNOWN_TYPES: Final = ", ".join(MEMBER_EVENT_TYPES)
_NO_UNICODE: Final = "holds text that is not valid Unicode: check its \\u escapes"
_encoder: Final = msgspec.json.Encoder()
_data_decoders: Final = {name: msgspec.json.Decoder(form) for name, form in MEMBER_EVENT_TYPES.items()}


class ValidEvent(Struct, frozen=True, kw_only=True, gc=False):
    """A member event that may be stored, and the bytes to store."""

    event: MemberEvent
    body: bytes


class _RefusedError(Exception):
    def __init__(self, field: str, reason: str, code: RefusalCode, *, forbidden: bool = False) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.code = code
        self.forbidden = forbidden

    def told(self, event_id: str | None, source: str | None) -> Refusal:
        """Return it as the sender of the event hears it."""
        return Refusal(
            id=event_id,
            source=source,
            field=self.field,
            reason=self.reason,
            code=self.code,
            forbidden=self.forbidden,
        )


def validate(
    raw: RawEvent, principal: Principal, communities: CommunityMap, now: datetime, traceparent: str | None
) -> ValidEvent | Refusal:
    """Return the event to store or why it is refused; never raises. ``now`` is the time of arrival, with a zone."""
    try:
        return _validate(raw, principal, communities, now, traceparent)
    except _RefusedError as refused:
        return refused.told(raw.id, raw.source)


def validate_fact(
    fact: Fact, principal: SourcePrincipal, communities: CommunityMap, now: datetime, traceparent: str | None
) -> ValidEvent | Refusal:
    """Return what ``validate`` does, for what a platform reported to the source ``principal``."""
    try:
        return _to_store(
            _id(fact.id),
            principal.source,
            _as_decoded(fact.data),
            _placed(fact.time, now),
            place=(principal.community, principal.platform),
            communities=communities,
            traceparent=traceparent,
        )
    except _RefusedError as refused:
        return refused.told(fact.id, principal.source)


def _validate(
    raw: RawEvent, principal: Principal, communities: CommunityMap, now: datetime, traceparent: str | None
) -> ValidEvent:
    if raw.specversion != SPEC_VERSION:
        raise _RefusedError("specversion", f'must be "{SPEC_VERSION}"', "bad-attribute")
    event_id, source, platform_of_source = _id(raw.id), *_source(raw)
    data, placed = _data(raw), _time(raw, now)
    if isinstance(principal, SourcePrincipal):
        _check_own(source, data, principal)
        place = principal.community, principal.platform
    else:
        place = _named(data, platform_of_source)
    return _to_store(event_id, source, data, placed, place=place, communities=communities, traceparent=traceparent)


def _to_store(
    event_id: str,
    source: str,
    data: MemberEventData,
    placed: tuple[datetime, bool],
    *,
    place: tuple[str, str],
    communities: CommunityMap,
    traceparent: str | None,
) -> ValidEvent:
    """Return the event of ``data`` at ``placed``, in the community and on the platform that ``place`` names."""
    time, clamped = placed
    community, platform = place
    event = MemberEvent(
        id=event_id,
        source=source,
        type=type_name(data),
        time=time,
        organisation=_organisation(community, communities),
        community=community,
        platform=platform,
        timeclamped=clamped,
        traceparent=traceparent,
        data=replace(data, community=community, platform=platform),
    )
    body = encode_member_event(event)
    if len(body) > MAX_STORED_BYTES:
        raise _RefusedError(
            "data", f"the event takes {len(body)} bytes: the most is {MAX_STORED_BYTES}, so shorten it", "too-large"
        )
    return ValidEvent(event=event, body=body)


def _organisation(community: str, communities: CommunityMap) -> str:
    organisation = communities.organisation_of(community)
    if organisation is None:
        raise _RefusedError(
            "data.community",
            f"the community {community!r} is not in a care policy: add it to its organisation's policy",
            "unknown-community",
        )
    return organisation


def _id(event_id: str | None) -> str:
    if not event_id:
        raise _RefusedError("id", "is required: derive it from the fact, such as post:<message id>:1", "bad-attribute")
    if len(event_id) > MAX_ID_LENGTH:
        raise _RefusedError("id", f"must have at most {MAX_ID_LENGTH} characters", "bad-attribute")
    if "\0" in event_id:
        raise _RefusedError("id", "must not contain the character NUL (\\u0000)", "nul-character")
    return event_id


def _source(raw: RawEvent) -> tuple[str, str]:
    if raw.source is None:
        raise _RefusedError("source", "is required: /<platform>/<name>, such as /discord/acme-guild", "bad-attribute")
    match = _SOURCE.fullmatch(raw.source)
    if match is None:
        raise _RefusedError(
            "source", "must be /<platform>/<name>, each 1 to 40 of the characters a-z, 0-9 and '-'", "bad-attribute"
        )
    if match["platform"] == PLATFORM:
        raise _RefusedError(
            "source", f"the platform {PLATFORM!r} is kept for Warmline's own facts", "reserved-platform"
        )
    return raw.source, match["platform"]


def _time(raw: RawEvent, now: datetime) -> tuple[datetime, bool]:
    if raw.time is None:
        raise _RefusedError("time", "is required: when it happened, such as 2026-11-22T08:15:00Z", "bad-time")
    try:
        time: datetime = msgspec.convert(raw.time, _ZONED)
    except msgspec.ValidationError:
        raise _RefusedError(
            "time", "must be an RFC 3339 time with a zone, such as 2026-11-22T08:15:00Z", "bad-time"
        ) from None
    return _placed(time, now)


def _placed(time: datetime, now: datetime) -> tuple[datetime, bool]:
    """Return a time in UTC, which is that of arrival for one in the future, and whether it was."""
    if time < EARLIEST:
        raise _RefusedError("time", "lies before 1990: send when it happened", "bad-time")
    if time > now + CLOCK_TOLERANCE:
        return now.astimezone(UTC), True
    return time.astimezone(UTC), False


def _data(raw: RawEvent) -> MemberEventData:
    decoder = _data_decoders.get(raw.type or "")
    if raw.type is None or decoder is None:
        problem = "is required" if raw.type is None else "is not known"
        raise _RefusedError("type", f"{problem}: the types are {_KNOWN_TYPES}", "unknown-type")
    if raw.datacontenttype is not None and raw.datacontenttype.partition(";")[0].strip().lower() != "application/json":
        raise _RefusedError("datacontenttype", "must be application/json", "bad-attribute")
    stored = bytes(raw.data)
    if not stored:
        raise _RefusedError("data", "is required: a JSON object (data_base64 is not taken)", "bad-data")
    return _decoded(decoder, stored)


def _as_decoded(data: MemberEventData) -> MemberEventData:
    """Return ``data`` as it is read when it comes as JSON, so that it is held to the same bounds."""
    try:
        encoded = _encoder.encode(data)
    except UnicodeEncodeError:
        raise _RefusedError("data", _NO_UNICODE, "bad-data") from None
    return _decoded(_data_decoders[type_name(data)], encoded)


def _decoded(decoder: msgspec.json.Decoder[Any], encoded: bytes) -> MemberEventData:
    try:
        data: MemberEventData = decoder.decode(encoded)
    except msgspec.ValidationError as error:
        problem_found = field_problem(error, "data")
        raise _RefusedError(problem_found.field, problem_found.reason, "bad-data") from None
    except msgspec.DecodeError:
        raise _RefusedError("data", _NO_UNICODE, "bad-data") from None
    if b"\\u0000" in encoded:
        for field in fields_with_nul(msgspec.to_builtins(data), "data"):
            raise _RefusedError(field, "must not contain the character NUL (\\u0000): leave it out", "nul-character")
    return _planned(data) if isinstance(data, Planned) else data


def _planned(data: Planned) -> Planned:
    """Return what is planned with its times in UTC."""
    times = {"starts_at": data.starts_at, "ends_at": data.ends_at}
    for field, time in times.items():
        if time is not None and not EARLIEST <= time < LATEST_PLANNED:
            raise _RefusedError(f"data.{field}", "must lie between 1990 and 2200", "bad-time")
    if data.ends_at is not None and data.ends_at < data.starts_at:
        raise _RefusedError("data.ends_at", "lies before starts_at: leave it out if it is not known", "bad-time")
    return replace(data, **{field: time and time.astimezone(UTC) for field, time in times.items()})


def fields_with_nul(value: Any, path: str) -> Iterator[str]:
    """Yield the path of every string in ``value``, of plain values, that holds NUL: PostgreSQL cannot store it."""
    if isinstance(value, str):
        if "\0" in value:
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from fields_with_nul(inner, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from fields_with_nul(inner, f"{path}[{index}]")


def _check_own(source: str, data: MemberEventData, principal: SourcePrincipal) -> None:
    claims = (
        ("data.community", data.community, principal.community),
        ("data.platform", data.platform, principal.platform),
        ("source", source, principal.source),
    )
    for field, claimed, own in claims:
        if claimed is not None and claimed != own:
            raise _RefusedError(
                field,
                f"this token speaks for {principal.source} of the community {principal.community!r} only: "
                f"send {own!r}" + ("" if field == "source" else " or leave it out"),
                "foreign-community",
                forbidden=True,
            )


def _named(data: MemberEventData, platform_of_source: str) -> tuple[str, str]:
    """Return the community and the platform that the event names itself, as the administrator's events must."""
    named = {"data.community": data.community, "data.platform": data.platform}
    for field, value in named.items():
        if value is None:
            raise _RefusedError(field, "is required with the administrator's token: add it", "bad-data")
        if _NAME.fullmatch(value) is None:
            raise _RefusedError(field, "must be 1 to 40 of the characters a-z, 0-9 and '-'", "bad-data")
    if data.platform != platform_of_source:
        raise _RefusedError("source", f"must begin with /{data.platform}/ as data.platform says", "bad-attribute")
    return str(data.community), str(data.platform)
