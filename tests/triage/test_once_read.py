"""Whether a text was read for its tone: what a redaction finds out afterwards is what the fold did then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.triage.once_read import TELLING, was_read
from services.triage.stream_ids import identity, tone_stream
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import Member, Updated
from shared.contracts.policy import Identity, Policy, Tone
from shared.contracts.warmline_facts import ToneOptOut
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, HELPER, JONAS, MIRA, ROBOT, care_policy, posted
from tests.triage.signs import CRISIS

ON = Tone(enabled=True, language="en")
POLICY = care_policy(tone=ON, welcome={"enabled": False}, unanswered={"enabled": False})
HELPER_NOW = Member(id="ada", roles=("helper",))


def opt_out(*, opted_out: bool) -> ToneOptOut:
    return ToneOptOut(community=COMMUNITY, member=Identity(platform="discord", id="ada"), opted_out=opted_out)


def named(member_id: str) -> Policy:
    team = replace(POLICY.team, members=(Identity(platform="discord", id=member_id),))
    return replace(POLICY, team=team)


def fold_then(before: list[Any], member: Member, after: list[Any], hours_late: float = 0) -> tuple[bool, bool]:
    """Return whether a text of crisis was read when it was folded, and what is found out about that at the end."""
    acme = Partition(POLICY, stored=LONG_AGO)

    def tell(data: Any, hours: float) -> None:
        acme.adopt(data) if isinstance(data, Policy) else acme.tell(data, at(hours))

    for number, one in enumerate(before):
        tell(one, number - 10)
    data, written, stored = posted(member, "m-1", text=CRISIS), at(0), at(hours_late)
    acme.tell(data, written, stored=stored)
    read = acme.raised != []
    for number, one in enumerate(after):
        tell(one, 60 + 30 * number)
    ref, stream = identity(COMMUNITY, "discord", member.id)
    told = acme.recorded([stream, tone_stream(COMMUNITY, ref.key)], TELLING)
    event = MemberEvent(
        id="e", source="/discord/guild", type="t", time=written, organisation="o", community=COMMUNITY,
        platform="discord", data=data,
    )  # fmt: skip
    return read, was_read(event, stored, ON, told)


@pytest.mark.parametrize(
    ("before", "member", "late"),
    [
        ([], ROBOT, 0),
        ([Updated(member=Member(id="ada", bot=True))], ADA, 0),
        ([], HELPER, 0),
        ([posted(HELPER, "m-0")], Member(id="hanna"), 0),
        ([], MIRA, 0),
        ([posted(JONAS, "m-0")], JONAS, 0),
        ([opt_out(opted_out=True)], ADA, 0),
        ([opt_out(opted_out=True), opt_out(opted_out=False), opt_out(opted_out=True)], ADA, 0),
        ([], ADA, 49),
    ],
    ids=["bot", "known-bot", "role", "known-role", "responder", "named", "opted-out", "once-more", "late"],
)
@pytest.mark.parametrize(
    "after",
    [[], [opt_out(opted_out=False), opt_out(opted_out=True), opt_out(opted_out=False)], [Updated(member=ADA)]],
    ids=["nothing", "chose-since", "described-since"],
)
def test_what_was_not_read_is_known_not_to_have_been(
    before: list[Any], member: Member, late: float, after: list[Any]
) -> None:
    assert fold_then(before, member, after, late) == (False, False)


@pytest.mark.parametrize(
    "before",
    [[], [posted(ADA, "m-0")], [opt_out(opted_out=True), opt_out(opted_out=False)]],
    ids=["first", "known", "opted-in"],
)
@pytest.mark.parametrize(
    "after",
    [
        [opt_out(opted_out=True)],
        [opt_out(opted_out=True), opt_out(opted_out=False)],
        [posted(HELPER_NOW, "m-2"), posted(HELPER_NOW, "m-3")],
        [Updated(member=Member(id="ada", bot=True))],
        [named("ada"), posted(ADA, "m-2"), posted(ADA, "m-3")],
    ],
    ids=["opted-out", "and-in", "role", "bot", "named"],
)
def test_what_was_read_stays_known_whatever_became_of_its_member(before: list[Any], after: list[Any]) -> None:
    assert fold_then(before, ADA, after) == (True, True)
