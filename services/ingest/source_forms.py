"""What is asked and answered where sources are administered: for the routes, and for the commands that use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import HookSettings
from shared.contracts.names import Name

Secret = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=r"^[!-~]+$(?!\n)")]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookWanted:
    """How the platform sends: the ``format`` of its webhook. Without a ``secret``, one is made."""

    format: Name
    secret: Secret | None = None
    settings: HookSettings = field(default_factory=HookSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollWanted:
    """How the platform is asked for what is new: its ``format``, and what it gave as ``secret``, or several by name."""

    format: Name
    secret: Secret | dict[Name, Secret] = field(default_factory=dict, repr=False)
    settings: PollSettings = field(default_factory=PollSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWanted:
    """A source to add: one that sends events with its token, sends webhooks, or is polled."""

    community: Name
    platform: Name
    name: Name
    hook: HookWanted | None = None
    poll: PollWanted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAdded:
    """A source that was added. ``token`` is shown here and never again, as is the ``secret`` of its webhook.

    ``path`` is where the platform sends to.
    """

    name: str
    source: str
    token: str
    path: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledTry:
    """What came so far of a round that somebody asked for, until it is ``over``.

    ``answered`` when the platform takes the secret. ``taken`` counts by kind what is stored now, ``known`` what was
    stored before. ``why`` tells what was wrong, or what is waited for.
    """

    began: datetime
    over: bool
    answered: bool
    taken: dict[str, int]
    known: int
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceListed:
    """A configured source, without its token; ``source`` is what its CloudEvents must carry.

    ``format`` is that of its webhook, else that by which its platform is ``polled``, if it has one. What follows tells
    what it brought that came to nothing. While ``rotating``, two secrets hold. ``polled_at`` is when the last complete
    round began, ``failing_since`` tells since when none came to its end, ``stopped_at`` when the platform refused the
    secret. ``tried`` is the round that somebody asked for last.
    """

    community: str
    platform: str
    name: str
    source: str
    created_at: datetime
    paused_at: datetime | None
    heard_at: datetime | None
    format: str | None
    polled: str | None
    rotating: bool
    not_understood: int
    not_understood_at: datetime | None
    why: str | None
    unverified: int
    unverified_at: datetime | None
    polled_at: datetime | None
    failing_since: datetime | None
    stopped_at: datetime | None
    tried: PolledTry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceList:
    """All sources by community, platform and name."""

    items: Sequence[SourceListed]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretWanted:
    """What the platform signs with, or is asked with, from now on; for a webhook, one is made if there is none here.

    Where a source has a webhook and is polled, ``polled`` tells which of both it is.
    """

    secret: Secret | dict[Name, Secret] | None = field(default=None, repr=False)
    polled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretAdded:
    """The secret to give to the platform; the one before holds, too, until it is dropped.

    There is none for a platform that is polled, which gave it.
    """

    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSample:
    """A request as the platform would send it, but for a header that asks what it would come to."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a test came to: the facts it holds, or why it holds none.

    ``refused`` says what of them would not be kept, ``not_taken`` why nothing of the source is taken now.
    """

    facts: Sequence[str] = ()
    passed: str | None = None
    not_understood: str | None = None
    refused: Sequence[str] = ()
    not_taken: str | None = None
