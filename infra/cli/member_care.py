"""`warmline member`: what the team does by hand for one member, as at the desk."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

import typer

from infra.cli.failure import failures_in_words
from infra.cli.member_telling import As, Community, One, checked_text, tell
from infra.cli.options import DEFAULT_DATA, Data, a_day
from infra.operator_error import OperatorError
from shared.contracts.names import MOST_OF_TAG, Urgency
from shared.contracts.warmline_facts import CareWay

Tag = Annotated[str, typer.Argument(metavar="TAG", help="The tag: up to 60 characters, and no private matters.")]
Note = Annotated[str | None, typer.Option("--note", help="What the others should know.")]


def ask(
    one: One,
    community: Community,
    responder: As,
    why: Annotated[str, typer.Option("--why", help="Why they need somebody, for whoever takes it on.")],
    urgency: Annotated[Urgency, typer.Option("--urgency", help="How soon.")] = "soon",
    data: Data = DEFAULT_DATA,
) -> None:
    """Ask for a touch: whoever the policy finds is asked to turn to the member."""
    with failures_in_words():
        done = f"Somebody is asked to turn to {one}."
        tell("touches", one, community, responder, {"why": checked_text("--why", why), "urgency": urgency}, data, done)


def care(
    one: One,
    community: Community,
    responder: As,
    way: Annotated[CareWay, typer.Option("--way", help="How you reached them.")],
    day: Annotated[
        date | None, typer.Option("--day", parser=a_day, metavar="DAY", help="An earlier day, to its end in UTC.")
    ] = None,
    note: Note = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Log care that you gave elsewhere: it counts as a word of the team, and as one touch of your day."""
    with failures_in_words():
        said: dict[str, Any] = {"way": way, **_noted(note)}
        if day is not None:
            said["at"] = _end_of(day)
        tell("care", one, community, responder, said, data, f"The care for {one} is logged.")


def note(
    one: One,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the others should know of them.")],
    community: Community,
    responder: As,
    data: Data = DEFAULT_DATA,
) -> None:
    """Write a note that only the team reads. Nothing is decided by it."""
    with failures_in_words():
        tell(
            "notes",
            one,
            community,
            responder,
            {"text": checked_text("TEXT", text)},
            data,
            f"The note about {one} is kept.",
        )


def tag(one: One, tag: Tag, community: Community, responder: As, data: Data = DEFAULT_DATA) -> None:
    """Give a member a tag, which segments of the policy see."""
    with failures_in_words():
        tell(
            "tags",
            one,
            community,
            responder,
            {"tag": checked_text("TAG", tag, MOST_OF_TAG)},
            data,
            f"{one} carries the tag {tag} now.",
        )


def untag(one: One, tag: Tag, community: Community, responder: As, data: Data = DEFAULT_DATA) -> None:
    """Take a tag away that the team gave; those that platforms tell stay."""
    with failures_in_words():
        said = {"tag": checked_text("TAG", tag, MOST_OF_TAG), "given": False}
        tell(
            "tags", one, community, responder, said, data, f"{one} does not carry the tag {tag} of the team's any more."
        )


def promise(
    one: One,
    community: Community,
    responder: As,
    day: Annotated[
        date, typer.Option("--day", parser=a_day, metavar="DAY", help="The day, where the team is: 2026-12-01.")
    ],
    note: Note = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Promise to come back to a member: a follow-up is raised on that day, and you are asked first."""
    with failures_in_words():
        said = {"day": f"{day:%Y-%m-%d}", **_noted(note)}
        tell("promises", one, community, responder, said, data, f"A follow-up of {one} is promised for {day:%Y-%m-%d}.")


def leave_alone(
    one: One,
    community: Community,
    responder: As,
    until: Annotated[
        date | None,
        typer.Option(
            "--until",
            parser=a_day,
            metavar="DAY",
            help="Not before this day begins (UTC).  [default: until somebody says otherwise]",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Leave a member alone who said "not now" or wants no contact: nobody is asked to turn to them.

    A crisis, a heated conversation and what somebody of the team asks for are told all the same.
    """
    with failures_in_words():
        said: dict[str, Any] = {"wanted": False}
        done = f"Nobody is asked to turn to {one} until somebody says: warmline member contact-again {one}."
        if until is not None:
            said["until"] = datetime.combine(until, time(), tzinfo=UTC)
            done = f"Nobody is asked to turn to {one} before {until:%Y-%m-%d}."
        tell("contact", one, community, responder, said, data, done)


def contact_again(one: One, community: Community, responder: As, data: Data = DEFAULT_DATA) -> None:
    """Take back that a member is left alone: they may be contacted again."""
    with failures_in_words():
        tell("contact", one, community, responder, {"wanted": True}, data, f"{one} may be contacted again.")


def tone(
    one: One,
    reading: Annotated[
        Literal["off", "on"],
        typer.Argument(metavar="off|on", help="off: read nothing of theirs for its tone. on: read it again."),
    ],
    community: Community,
    responder: As,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say that a member opted out of the reading of tone, or took that back, as they told you."""
    with failures_in_words():
        what = "is not read for its tone any more" if reading == "off" else "is read for its tone again"
        done = f"What {one} writes in {community} {what}, from their next message on."
        tell("tone", one, community, responder, {"opted_out": reading == "off"}, data, done)


def _noted(note: str | None) -> dict[str, str]:
    return {} if note is None else {"note": checked_text("--note", note)}


def _end_of(day: date) -> datetime:
    """Return when the day is over (UTC), or now if it is not yet; raises OperatorError for one to come."""
    now = datetime.now(UTC)
    if day > now.date():
        raise OperatorError(f"--day {day:%Y-%m-%d} is still to come: name today, an earlier day, or leave it out.")
    return min(now, datetime.combine(day, time.max, tzinfo=UTC))
