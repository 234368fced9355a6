"""Streams, subjects and partitions."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

_KEPT: Final = 20_000
"""Names whose partition is not reckoned anew for every event."""

MEMBER_EVENTS: Final = "MEMBER_EVENTS"
TOUCHES: Final = "TOUCHES"
TOUCH_FACTS: Final = "TOUCH_FACTS"

AUDIT_REPORT: Final = "warmline.audit.report"
"""Whoever asks here is answered with the auditor's last look."""

INGEST_TAKEN: Final = "warmline.ingest.taken"
"""The processes of ingest tell each other here how much of each community they take (core NATS: nothing is kept)."""


@lru_cache(_KEPT)
def partition_of(name: str, partitions: int) -> int:
    """Return the partition, 0 to ``partitions`` - 1, of a community or an organisation.

    BLAKE2b (RFC 7693) of the name, so that every process and every language finds the same.
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") % partitions


@lru_cache(_KEPT)
def member_event_subject(community: str, platform: str, kind: str, partitions: int) -> str:
    """Return ``p.<n>.member.<community>.<platform>.<kind>``."""
    return f"p.{partition_of(community, partitions)}.member.{community}.{platform}.{kind}"


def community_subjects(community: str, partitions: int) -> str:
    """Return ``p.<n>.member.<community>.>``: all that MEMBER_EVENTS holds of a community."""
    return f"p.{partition_of(community, partitions)}.member.{community}.>"


def needs_touch_subject(community: str, segment: str, reason: str) -> str:
    """Return ``needs-touch.<community>.<segment>.<reason>``."""
    return f"needs-touch.{community}.{segment}.{reason}"


def touch_fact_subject(community: str, fact: str) -> str:
    """Return ``touch.<community>.<fact>``."""
    return f"touch.{community}.{fact}"


def command_subject(organisation: str, verb: str, partitions: int) -> str:
    """Return ``command.touch.<n>.<verb>``: the owner of the organisation's partition listens there."""
    return f"command.touch.{partition_of(organisation, partitions)}.{verb}"


def member_command_subject(verb: str) -> str:
    """Return ``command.member.<verb>``: any process of ingest answers there."""
    return f"command.member.{verb}"


def subject_matches(subject: str, pattern: str) -> bool:
    """Tell whether ``pattern``, with ``*`` for a token and ``>`` for the rest, takes in ``subject``."""
    tokens, wanted = subject.split("."), pattern.split(".")
    if wanted[-1] == ">":
        tokens, wanted = tokens[: len(wanted) - 1], wanted[:-1]
    return len(tokens) == len(wanted) and all(want in {"*", token} for token, want in zip(tokens, wanted, strict=True))


def alarm_subject(alarm: str) -> str:
    """Return ``warmline.alarm.<alarm>``, on which each change of an alarm is told (core NATS: nothing is kept)."""
    return f"warmline.alarm.{alarm}"


@lru_cache(_KEPT)
def kind_of(event_type: str) -> str:
    """Return the kind in a CloudEvents type: ``posted`` of ``warmline.member.posted.v1``."""
    return event_type.split(".")[-2]
