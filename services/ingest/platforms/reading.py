"""What comes of a platform's request: facts, or why there are none. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from services.ingest.platforms.facts import Fact
from services.ingest.refusal import field_problem
from shared.contracts.names import Label, Url

Form = TypeVar("Form")
EVERYWHERE: Final = "*"

Time = Annotated[datetime, Meta(tz=True)]
"""A time with its zone."""


class EventRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one kind of event is found in a payload.

    Each text is a JMESPath expression over the payload, or over each item of ``each``. ``when`` tells whether the rule
    applies; without it, it does. ``fields`` has the names of the kind's contract, ``member`` holding its own. Without
    ``time`` the time of arrival stands; without ``id`` it is made of the kind and the message or the gathering, else of
    the member and the time, which is required then.
    """

    kind: str
    fields: dict[str, str | dict[str, str]]
    when: str | None = None
    each: str | None = None
    time: str | None = None
    id: str | None = None


class HookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a source is told of its platform.

    ``site`` is the address that links to messages begin with. ``private`` are the ids of the places whose events are
    taken although not everybody can read them: without it, none of theirs is. ``public`` are those that everybody can
    read, for a platform that does not tell; ``*`` stands for all. By ``mapping`` JSON of any shape is read.
    Of a survey, ``member_field`` is the hidden field that holds the member's id; ``score_field`` and ``comment_field``
    are the questions whose answers are the score and the comment, by default the first of their kind.
    """

    site: Url | None = None
    public: tuple[Label, ...] = ()
    private: tuple[Label, ...] = ()
    mapping: tuple[EventRule, ...] = ()
    member_field: Label = "member"
    score_field: Label | None = None
    comment_field: Label | None = None


class Delivery(Struct, frozen=True, kw_only=True):
    """One request that the platform is known to have sent; header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    arrived: datetime


PassedReason = Literal["direct-message", "private-place", "no-member", "of-no-concern"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The request was understood, and holds nothing that may or need be kept."""

    why: PassedReason


NO_CONCERN: Final = Passed(why="of-no-concern")
"""What tells nothing of a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The platform asks to be answered so before it sends events."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partly:
    """``facts`` were understood; each of ``problems`` says, as NotUnderstoodError does, what is wrong beside them."""

    facts: tuple[Fact, ...]
    problems: tuple[str, ...]


Reading = tuple[Fact, ...] | Partly | Passed | Reply


class NotUnderstoodError(Exception):
    """The request has not the form that its platform documents. The text names the field, and nothing of its value."""


def decoded(body: bytes, form: type[Form]) -> Form:
    """Return the JSON in ``body`` as ``form``, half an emoji as ``?``; raises NotUnderstoodError."""
    try:
        try:
            return msgspec.json.decode(body, type=form)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if b"\\ud" not in body.lower():
                raise
            whole = json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
            return msgspec.json.decode(whole, type=form)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise NotUnderstoodError(f"{problem.field}: {problem.reason}") from None
    except (ValueError, RecursionError):
        raise NotUnderstoodError("the body is no JSON") from None


def header(delivery: Delivery, name: str) -> str:
    """Return a header that the platform always sends; raises NotUnderstoodError when it is missing."""
    value = delivery.headers.get(name)
    if not value:
        raise NotUnderstoodError(f"the header {name} is missing")
    return value


def time_of(value: float) -> datetime:
    """Return seconds since 1970 as a time; raises NotUnderstoodError."""
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotUnderstoodError("a time is none") from None


def time_in(value: object) -> datetime | None:
    """Return the time that is written in a field of which nobody knows its form for sure; None if it is none."""
    try:
        return msgspec.convert(value, Time)
    except msgspec.ValidationError:
        return None
