"""Who spoke in a conversation: enough of it to know whose answer there is, and whom the team spoke after.

Posts may arrive in any order: what is kept of them is the same whichever came first, as long as no more than
``PEERS_KEPT`` people take part.
"""

from __future__ import annotations

from bisect import bisect
from datetime import datetime
from operator import attrgetter
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.needs_touch import Evidence, MemberRef

PEERS_KEPT: Final = 32
"""Peers whose voices are remembered. Beyond, those who were greeted are forgotten first, then those who came first."""

_ANSWERS_KEPT: Final = 2
"""With two voices of different people, one of them is not the opener's."""

_KEY: Final = attrgetter("member.key")

AnsweredBy = Literal["anyone", "team"]


class Post(Struct, frozen=True, kw_only=True, gc=False):
    """A post, without its text: ``asks`` is what the shell read in it."""

    member: MemberRef
    evidence: Evidence
    message: str
    asks: bool
    team: bool


class Voice(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who spoke here, since their first post that is known, which was ``message``."""

    member: MemberRef
    first: Evidence
    greeted: bool = False
    message: str | None = None


class Voices(Struct, frozen=True, kw_only=True, gc=False):
    """Peers and team apart, earliest first; ``last_of_team`` is the latest time that somebody of the team spoke.

    Who spoke first as a peer and later for the team has a voice in both.
    """

    peers: tuple[Voice, ...] = ()
    team: tuple[Voice, ...] = ()
    last_of_team: Voice | None = None

    def changed_by(self, post: Post) -> bool:
        """Tell whether ``post`` changes them."""
        if post.team:
            return self.hear(post) != self
        place, known = _place_of(post), _of(self.peers, post.member.key)
        if known is not None:
            return place < _place(self.peers[known])
        # Of too many, it is itself forgotten again when it is the first that may be.
        at = _ANSWERS_KEPT
        return (
            len(self.peers) < PEERS_KEPT
            or not _place(self.peers[at - 1]) <= place < _place(self.peers[at])
            or any(voice.greeted for voice in self.peers[at:])
        )

    def hear(self, post: Post) -> Voices:
        """Return the voices after ``post``."""
        if not post.team:
            peers = _with(self.peers, post)
            if peers is self.peers:
                return self
            return Voices(peers=_bounded(peers), team=self.team, last_of_team=self.last_of_team)
        last = Voice(member=post.member, first=post.evidence, message=post.message)
        if self.last_of_team is not None and _place(last) <= _place(self.last_of_team):
            last = self.last_of_team
        return replace(self, team=_with(self.team, post)[:_ANSWERS_KEPT], last_of_team=last)

    def greet(self, members: tuple[MemberRef, ...]) -> Voices:
        """Return the voices with those of ``members`` greeted."""
        greeted = tuple(replace(voice, greeted=True) if voice.member in members else voice for voice in self.peers)
        return replace(self, peers=greeted)

    def to_greet(self) -> tuple[MemberRef, ...]:
        """Return the peers whom the team spoke after and who do not count as greeted yet."""
        last = self.last_of_team
        if last is None:
            return ()
        return tuple(
            voice.member
            for voice in self.peers
            if not voice.greeted and voice.first.time <= last.first.time and voice.member != last.member
        )

    def peers_beside(self, opener: MemberRef) -> int:
        """Return how many other peers are known to have spoken."""
        return sum(voice.member != opener for voice in self.peers)

    def team_answer(self, opener: MemberRef) -> Voice | None:
        """Return the first of the team who answered ``opener``."""
        return next((voice for voice in self.team if voice.member != opener), None)

    def peer_answer(self, opener: MemberRef) -> Voice | None:
        """Return the first peer who answered ``opener``."""
        return next((voice for voice in self.peers if voice.member != opener), None)

    def others_by(self, speaker: MemberRef, time: datetime) -> bool:
        """Tell whether somebody else than ``speaker`` had spoken by ``time``."""
        first = (self.peer_answer(speaker), self.team_answer(speaker))
        return any(voice is not None and voice.first.time <= time for voice in first)

    def peer_of(self, message: str) -> Voice | None:
        """Return the peer who began to speak with ``message``."""
        return next((voice for voice in self.peers if voice.message == message), None)

    def answered(self, opener: MemberRef, by: AnsweredBy) -> bool:
        """Tell whether ``opener`` has an answer of those whose answers count."""
        return self.team_answer(opener) is not None or (by == "anyone" and self.peer_answer(opener) is not None)


def _of(voices: tuple[Voice, ...], key: str) -> int | None:
    """Return at which place ``voices`` hold the member's; None where they do not."""
    # Of each post, and mostly in vain: by an iterator of its own it takes a third of the time of a loop.
    keys = list(map(_KEY, voices))
    return keys.index(key) if key in keys else None


def _place(voice: Voice) -> tuple[datetime, str, str]:
    return (voice.first.time, voice.member.key, voice.first.event)


def _place_of(post: Post) -> tuple[datetime, str, str]:
    return (post.evidence.time, post.member.key, post.evidence.event)


def _with(voices: tuple[Voice, ...], post: Post) -> tuple[Voice, ...]:
    place, greeted, known = _place_of(post), False, _of(voices, post.member.key)
    if known is not None:
        if _place(voices[known]) <= place:
            return voices
        voices, greeted = (*voices[:known], *voices[known + 1 :]), voices[known].greeted
    heard = Voice(member=post.member, first=post.evidence, greeted=greeted, message=post.message)
    at = len(voices) if not voices or _place(voices[-1]) <= place else bisect(voices, place, key=_place)
    return (*voices[:at], heard, *voices[at:])


def _bounded(peers: tuple[Voice, ...]) -> tuple[Voice, ...]:
    if len(peers) <= PEERS_KEPT:
        return peers
    forgotten = _ANSWERS_KEPT
    for voice in peers[_ANSWERS_KEPT:]:
        if voice.greeted:
            break
        forgotten += 1
    else:
        forgotten = _ANSWERS_KEPT
    return peers[:forgotten] + peers[forgotten + 1 :]
