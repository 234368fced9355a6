"""What each kind of event means for the streams of triage. The table at the end is the wiring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from services.triage.community import CloseImport, NoteTime, OpenImport, TakePolicy, is_earlier
from services.triage.conversation import may_open
from services.triage.conversation_facts import (
    NoteDeletion,
    NoteEdit,
    NotePost,
    NoteSolved,
    VoicesGreeted,
)
from services.triage.member import welcome_may_begin
from services.triage.member_facts import GreetMember, NoteLeft, NoteMember
from services.triage.needs import CloseNeed
from services.triage.policy_reading import PolicyReading
from services.triage.question import asks
from services.triage.stream_ids import community_stream, conversation_stream, identity, member_stream
from services.triage.voices import Post
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import (
    Attended,
    Cancelled,
    Deleted,
    Edited,
    Joined,
    Left,
    MemberEventData,
    Moderated,
    Posted,
    Reacted,
    Renewed,
    Solved,
    Surveyed,
    Updated,
)
from shared.contracts.needs_touch import Evidence, MemberRef
from shared.contracts.policy import Policy
from shared.contracts.warmline_facts import ImportBegan, ImportEnded, PolicyAdopted, TouchSettled
from shared.delivery import Delivered
from shared.telemetry.traces import TRACEPARENT
from shared.workspace import Workspace

Read = Callable[[Policy, str], PolicyReading]


class Situation:
    """One event and what it takes to understand it.

    ``member``, ``stream`` (the member's) and ``conversation`` (a stream, too) are there when the event has them.
    """

    __slots__ = (
        "_read",
        "_reading",
        "_team",
        "community",
        "conversation",
        "data",
        "event",
        "evidence",
        "member",
        "stored",
        "stream",
        "work",
    )

    def __init__(self, delivered: Delivered, work: Workspace, read: Read) -> None:
        event: MemberEvent = delivered.event
        self.event = event
        self.data: Any = event.data
        self.stored = delivered.stored
        self.work = work
        self.community = community_stream(event.community)
        # The header names recorded traces only; the event names any, as requests of earlier builds did that had none.
        traceparent = (delivered.headers or {}).get(TRACEPARENT)
        self.evidence = Evidence(source=event.source, event=event.id, time=event.time, traceparent=traceparent)
        if isinstance(event.data, MemberEventData):
            self.member, self.stream = identity(event.community, event.platform, event.data.member.id)
            named = getattr(event.data, "conversation", None)
            if named is not None:
                self.conversation = conversation_stream(event.community, event.platform, named)
        self._read = read
        self._reading: PolicyReading | None = None
        self._team: bool | None = None

    @property
    def reading(self) -> PolicyReading:
        """The policy that holds; raises RuntimeError in a community that has none, which ingest sees to."""
        if self._reading is None:
            state = self.work.state(self.community)
            if state.policy is None:
                raise RuntimeError(f"no policy was adopted for the community {self.event.community}")
            self._reading = self._read(state.policy, state.policy_version)
        return self._reading

    @property
    def roles(self) -> tuple[str, ...] | None:
        """The roles that the event states; an empty list means "not told" in all but a change of the profile."""
        roles: tuple[str, ...] = self.data.member.roles
        return roles if roles or isinstance(self.data, Updated) else None

    @property
    def bot(self) -> bool:
        """Whether the event or an earlier one says that its member is no human."""
        return bool(self.data.member.bot or self.work.state(self.stream).bot)

    @property
    def team(self) -> bool:
        """Whether the policy counts that member to the team, by the stated roles or else by those last known."""
        if self._team is None:
            roles = self.roles
            if roles is None:
                roles = self.work.state(self.stream).roles
            self._team = self.reading.is_team(self.event.platform, self.data.member.id, roles)
        return self._team

    def ref(self, member_id: str) -> MemberRef:
        """Return the identity ``member_id`` on the event's platform."""
        return identity(self.event.community, self.event.platform, member_id)[0]

    def of(self, member: MemberRef) -> str:
        """Return the stream of ``member``."""
        return member_stream(self.event.community, member.key)


def note_member(now: Situation) -> None:
    """Every event shows that its member is there, and what they are."""
    data, time, reading = now.data, now.event.time, now.reading
    if is_earlier(now.work.state(now.community), time):
        now.work.decide(now.community, NoteTime(at=time))
    rule = reading.policy.rules.welcome
    joined = isinstance(data, Joined)
    begins = rule.enabled and welcome_may_begin(now.work.state(now.stream), time, joined=joined)
    now.work.decide(
        now.stream,
        NoteMember(
            member=now.member,
            evidence=now.evidence,
            joined=joined,
            roles=now.roles,
            tags=data.tags if isinstance(data, Updated) else None,
            bot=data.member.bot,
            team=now.team,
            welcome_due=reading.due(time, rule.within_hours) if begins else None,
        ),
    )


def note_post(now: Situation) -> None:
    """A post opens a conversation, answers in it, or greets those who spoke before."""
    if now.bot:
        return
    rule = now.reading.policy.rules.unanswered
    opens = may_open(now.work.state(now.conversation), now.event.time)
    events = now.work.decide(
        now.conversation,
        NotePost(
            conversation=now.data.conversation,
            post=Post(
                member=now.member,
                evidence=now.evidence,
                message=now.data.message,
                asks=opens and asks(now.data.text),
                team=now.team,
            ),
            due=now.reading.due(now.event.time, rule.within_hours) if opens and rule.enabled else None,
            answered_by=rule.answered_by,
        ),
    )
    greet_voices(now, events)


def greet_voices(now: Situation, events: Sequence[Any]) -> None:
    """Whom somebody of the team spoke after counts as greeted."""
    for event in events:
        if isinstance(event, VoicesGreeted):
            for member in event.members:
                now.work.decide(now.of(member), GreetMember(by=event.by, evidence=event.evidence))


def greet_mentioned(now: Situation) -> None:
    """Whom somebody of the team mentions counts as greeted, though the event of their joining may arrive later."""
    if now.bot or not now.team:
        return
    for member_id in now.data.mentions:
        member = now.ref(member_id)
        if member != now.member:
            now.work.decide(now.of(member), GreetMember(by=now.member, evidence=now.evidence))


def note_edit(now: Situation) -> None:
    """An edited opening post may ask now, or ask no more."""
    command = NoteEdit(message=now.data.message, asks=asks(now.data.text), evidence=now.evidence)
    now.work.decide(now.conversation, command)


def note_deletion(now: Situation) -> None:
    """A deleted opening post asks no more."""
    now.work.decide(now.conversation, NoteDeletion(message=now.data.message, evidence=now.evidence))


def note_solved(now: Situation) -> None:
    """A solved conversation needs no answer."""
    now.work.decide(now.conversation, NoteSolved(evidence=now.evidence))


def note_left(now: Situation) -> None:
    """Who left needs no welcome."""
    now.work.decide(now.stream, NoteLeft(evidence=now.evidence))


def take_policy(now: Situation) -> None:
    """A policy holds from its adoption on."""
    command = TakePolicy(
        community=now.event.community,
        organisation=now.event.organisation,
        version=now.data.version,
        policy=now.data.policy,
    )
    now.work.decide(now.community, command)


def open_import(now: Situation) -> None:
    """While history comes in, no deadline of the community fires."""
    stream = now.community
    now.work.decide(stream, OpenImport(import_id=now.data.import_id, at=now.stored))
    now.work.book.suspend(now.event.community)


def close_import(now: Situation) -> None:
    """After the last import, each deadline is looked at once."""
    stream = now.community
    now.work.decide(stream, CloseImport(import_id=now.data.import_id, at=now.stored))
    if not now.work.state(stream).importing:
        now.work.book.resume(now.event.community)


def close_need(now: Situation) -> None:
    """A settled touch closes the need that raised it."""
    now.work.decide(now.data.about, CloseNeed(touch=now.data.touch, outcome=now.data.outcome))


MESSAGE_HANDLERS: Final[dict[type[Any], tuple[Callable[[Situation], None], ...]]] = {
    Joined: (note_member,),
    Posted: (note_member, note_post, greet_mentioned),
    Edited: (note_member, note_edit),
    Deleted: (note_deletion,),
    Reacted: (note_member,),
    Attended: (note_member,),
    Surveyed: (note_member,),
    Moderated: (note_member,),
    Renewed: (note_member,),
    Cancelled: (note_member, note_left),
    Left: (note_member, note_left),
    Solved: (note_member, note_solved),
    Updated: (note_member,),
    PolicyAdopted: (take_policy,),
    ImportBegan: (open_import,),
    ImportEnded: (close_import,),
    TouchSettled: (close_need,),
}
