"""The demo's life, simulated: pure, and the same for the same seed and time of beginning."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from infra.demo import texts
from infra.demo.pace import Pace
from infra.demo.people import CREW, RESIDENTS, Person, newcomer
from infra.outgoing_event import OutgoingEvent
from shared.contracts.member_events import Attended, Joined, MemberEventData, Posted, Reacted, Solved

COMMUNITY: Final = "harbour"
PLATFORM: Final = "discord"
SOURCE_NAME: Final = "harbour-house"
SOURCE: Final = f"/{PLATFORM}/{SOURCE_NAME}"
_LINK: Final = "https://discord.com/channels/100000000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that waits for an answer."""

    asker: Person
    about: texts.Subject
    conversation: str
    message: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A newcomer who waits for a greeting, in the conversation they opened or in the one of the arrivals."""

    person: Person
    conversation: str
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    author: Person
    conversation: str
    id: str


class Harbour:
    """The community from ``begin`` on. ``tag`` keeps its ids apart from those of another run."""

    def __init__(self, *, seed: int, tag: str, begin: datetime, pace: Pace) -> None:
        self._rng = Random(f"{seed}/{tag}")  # noqa: S311 - a simulation
        self._tag = tag
        self._pace = pace
        self._now = begin
        self._count = 0
        self._plans: list[tuple[datetime, int, Callable[[], None]]] = []
        self._planned = 0
        self._people = list(RESIDENTS)
        self._recent: deque[_Message] = deque(maxlen=20)
        self._told: list[OutgoingEvent] = []

    def settle_in(self) -> None:
        """Let the crew and the residents arrive, one after another, each greeted."""
        for number, person in enumerate((*CREW, *RESIDENTS)):
            self._plan(60.0 * (1 + 20 * number), partial(self._arrive, person, greeted=not person.crew))

    def live(self) -> None:
        """Let the usual life begin: questions, chatter, reactions, arrivals and gatherings, again and again."""
        self._again(self._pace.question, self._ask)
        self._again(self._pace.chatter, self._chat)
        self._again(self._pace.reaction, self._react)
        self._again(self._pace.arrival, self._welcome_somebody)
        self._again(self._pace.gathering, self._gather)

    def take_up(self, questions: Sequence[Question], arrivals: Sequence[Arrival]) -> None:
        """Let what is open be met in time, one after another."""
        for question in questions:
            self._plan_late(partial(self._answer, question))
        for arrival in arrivals:
            self._plan_late(partial(self._greet, arrival))

    def leave_open(
        self, at: Sequence[datetime], arrivals_at: Sequence[datetime]
    ) -> tuple[list[Question], list[Arrival]]:
        """Ask a question at each of ``at`` and let somebody arrive at each of ``arrivals_at``, and meet none of it."""
        questions, arrivals = [], []
        for moment, arrives in sorted([*((each, False) for each in at), *((each, True) for each in arrivals_at)]):
            self._now = moment
            if arrives:
                arrivals.append(self._introduce(self._newcomer()))
            else:
                questions.append(self._put_question())
        return questions, arrivals

    def events(self, until: datetime | None = None) -> Iterator[OutgoingEvent]:
        """Yield what happens, in the order of time, and end with what happens before ``until``."""
        yield from self._drained()
        while self._plans and (until is None or self._plans[0][0] < until):
            self._now, _, action = heapq.heappop(self._plans)
            action()
            yield from self._drained()

    def _drained(self) -> list[OutgoingEvent]:
        told, self._told = self._told, []
        return told

    def _plan(self, seconds: float, action: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._plans, (self._now + timedelta(seconds=seconds), self._planned, action))

    def _plan_late(self, action: Callable[[], None]) -> None:
        self._plan(self._rng.uniform(*self._pace.late), action)

    def _plan_answer(self, action: Callable[[], None]) -> None:
        prompt = self._rng.random() < self._pace.prompt
        self._plan(self._rng.uniform(*(self._pace.soon if prompt else self._pace.late)), action)

    def _again(self, mean: float, action: Callable[[], None]) -> None:
        def act() -> None:
            action()
            self._plan(self._rng.uniform(0.4, 1.6) * mean, act)

        self._plan(self._rng.uniform(0.1, 1.0) * mean, act)

    def _ask(self) -> None:
        question = self._put_question()
        self._plan_answer(partial(self._answer, question))

    def _put_question(self) -> Question:
        asker = self._somebody()
        about = texts.subject(self._rng, asker.language)
        channel = "stammtisch" if asker.language == "de" else "help"
        message = self._post(asker, texts.question(self._rng, about), channel)
        return Question(
            asker=asker, about=about, conversation=message.conversation, message=message.id, channel=channel
        )

    def _answer(self, question: Question) -> None:
        by_crew = self._rng.random() < 0.35
        answerer = self._rng.choice(CREW) if by_crew else self._somebody(but=question.asker)
        self._post(
            answerer,
            texts.answer(self._rng, question.about),
            question.channel,
            conversation=question.conversation,
            reply_to=question.message,
        )
        if self._rng.random() < 0.5:
            self._plan(self._rng.uniform(*self._pace.soon), partial(self._thank, question))

    def _thank(self, question: Question) -> None:
        thanks = texts.thanks(self._rng, question.asker.language)
        self._post(question.asker, thanks, question.channel, conversation=question.conversation)
        solved = Solved(member=question.asker.member, conversation=question.conversation)
        self._tell(f"solved:{question.conversation}:1", solved)

    def _chat(self) -> None:
        speaker = self._rng.choice((*CREW, *self._people))
        opening = self._post(speaker, texts.chatter(self._rng, speaker.language), "quay")
        for _ in range(self._rng.randrange(3)):
            other = self._somebody(but=speaker)
            self._plan(self._rng.uniform(*self._pace.soon), partial(self._chime_in, other, opening))

    def _chime_in(self, speaker: Person, opening: _Message) -> None:
        text = texts.reply(self._rng, opening.author.language)
        self._post(speaker, text, "quay", conversation=opening.conversation, reply_to=opening.id)

    def _react(self) -> None:
        if not self._recent:
            return
        message = self._rng.choice(self._recent)
        person = self._somebody(but=message.author)
        self._count += 1
        reaction = Reacted(
            member=person.member,
            conversation=message.conversation,
            message=message.id,
            reaction=self._rng.choice(texts.REACTIONS),
            url=self._url(message.conversation, message.id),
        )
        self._tell(f"reaction:{self._tag}-{self._count}:1", reaction)

    def _gather(self) -> None:
        title = self._rng.choice(texts.GATHERINGS)
        self._count += 1
        gathering = f"g-{self._tag}-{self._count}"
        for person in self._rng.sample(self._people, 3):
            attended = Attended(member=person.member, gathering=gathering, title=title)
            self._tell(f"attended:{gathering}-{person.id}:1", attended)

    def _welcome_somebody(self) -> None:
        self._arrive(self._newcomer(), greeted=True)

    def _arrive(self, person: Person, *, greeted: bool) -> None:
        arrival = self._introduce(person)
        if greeted:
            self._plan_answer(partial(self._greet, arrival))

    def _introduce(self, person: Person) -> Arrival:
        """Let somebody join and, mostly, say hello."""
        self._tell(f"joined:{person.id}:1", Joined(member=person.member))
        if self._rng.random() < 0.3:
            return Arrival(person=person, conversation=f"c-arrivals-{person.id}", message=None)
        hello = self._post(person, texts.intro(self._rng, person.language, person.name), "arrivals")
        return Arrival(person=person, conversation=hello.conversation, message=hello.id)

    def _greet(self, arrival: Arrival) -> None:
        greeting = texts.greeting(self._rng, arrival.person.language, arrival.person.name)
        self._post(
            self._rng.choice(CREW),
            greeting,
            "arrivals",
            conversation=arrival.conversation,
            reply_to=arrival.message,
            mentions=(arrival.person.id,),
        )

    def _newcomer(self) -> Person:
        self._count += 1
        person = newcomer(self._rng, f"u-{self._tag}-{self._count}")
        self._people.append(person)
        return person

    def _somebody(self, *, but: Person | None = None) -> Person:
        return self._rng.choice([person for person in self._people if person != but])

    def _post(
        self,
        author: Person,
        text: str,
        channel: str,
        *,
        conversation: str | None = None,
        reply_to: str | None = None,
        mentions: tuple[str, ...] = (),
    ) -> _Message:
        self._count += 1
        message = f"{self._tag}-{self._count}"
        posted = _Message(author=author, conversation=conversation or f"c-{message}", id=message)
        self._recent.append(posted)
        self._tell(
            f"post:{message}:1",
            Posted(
                member=author.member,
                conversation=posted.conversation,
                message=message,
                text=text,
                reply_to=reply_to,
                channel=channel,
                mentions=mentions,
                url=self._url(posted.conversation, message),
            ),
        )
        return posted

    def _url(self, conversation: str, message: str) -> str:
        return f"{_LINK}/{conversation}/{message}"

    def _tell(self, event_id: str, data: MemberEventData) -> None:
        self._told.append(OutgoingEvent(id=event_id, source=SOURCE, time=self._now, data=data))
