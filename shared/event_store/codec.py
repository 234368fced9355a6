"""How events and states are stored: explicit names and JSON, never the path of a class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from eventsourcing.persistence import Mapper, StoredEvent
from msgspec import Struct

from shared.decider import Decider, category_of

_encoder: Final = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """A decider's event with its place in its stream, numbered from 1."""

    originator_id: str
    originator_version: int
    event: Any


class EventRow(Struct, frozen=True, gc=False):
    """A new event as it is stored, with the fields of eventsourcing's StoredEvent, which takes longer to make."""

    originator_id: str
    originator_version: int
    topic: str
    state: bytes


class UnknownStoredTypeError(Exception):
    """The store holds a type, or a form of one, that this build does not know: a newer build wrote it."""


class EventCodec(Mapper[str]):
    """eventsourcing's mapper with explicit type names such as ``triage.MemberGreeted`` and msgspec."""

    def __init__(self, service: str, deciders: Iterable[Decider[Any]]) -> None:
        self.service: Final = service
        self.deciders: Final = {decider.category: decider for decider in deciders}
        forms = {form for decider in self.deciders.values() for form in decider.events}
        self._names = {form: f"{service}.{form.__name__}" for form in forms}
        if len(set(self._names.values())) < len(forms):
            raise ValueError(f"two event classes of {service} have the same name, under which both would be stored")
        self._event_decoders = {name: msgspec.json.Decoder(form) for form, name in self._names.items()}
        self._state_decoders = {
            category: msgspec.json.Decoder(type(decider.initial)) for category, decider in self.deciders.items()
        }

    @property
    def names(self) -> dict[type[Any], str]:
        """Every event class and the name under which it is stored."""
        return dict(self._names)

    @property
    def lagging(self) -> list[str]:
        """The categories whose stored states may lag behind their log."""
        return [category for category, decider in self.deciders.items() if decider.lags]

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return ``domain_event``, a RecordedEvent, as it is stored."""
        row = self.stored(domain_event.originator_id, domain_event.originator_version, domain_event.event)
        return StoredEvent(row.originator_id, row.originator_version, row.topic, row.state)

    def stored(self, stream: str, version: int, event: Any) -> EventRow:
        """Return the stream's event of that number as it is stored."""
        return EventRow(stream, version, self._names[type(event)], _encoder.encode(event))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the RecordedEvent that was stored; raises UnknownStoredTypeError."""
        what = f"The event {stored_event.originator_id}/{stored_event.originator_version}"
        decoder = self._event_decoders.get(stored_event.topic)
        if decoder is None:
            raise UnknownStoredTypeError(
                f"{what} has the type {stored_event.topic!r}, which this build does not know. Start the build that "
                "wrote it or a newer one."
            )
        return RecordedEvent(
            originator_id=str(stored_event.originator_id),
            originator_version=stored_event.originator_version,
            event=_decoded(what, decoder, stored_event.state),
        )

    def encode_state(self, state: Any) -> bytes:
        """Return a stream's state as it is stored."""
        return _encoder.encode(state)

    def decode_state(self, stream: str, state: bytes) -> Any:
        """Return the state of ``stream``; raises UnknownStoredTypeError."""
        return _decoded(f"The state of {stream}", self._state_decoders[category_of(stream)], state)

    def resume_state(self, stream: str, state: bytes) -> tuple[Any, bool]:
        """Return the state of ``stream`` for its owner, who will write it again, and whether it is of an earlier form.

        Raises UnknownStoredTypeError also for a field of a newer build: written again without it, it would be gone.
        """
        decoded = self.decode_state(stream, state)
        return decoded, _refuse_loss(f"The state of {stream}", decoded, state)

    def whole_event(self, stored_event: StoredEvent) -> RecordedEvent:
        """Return the RecordedEvent that was stored, for whoever tells others of it or folds it into what he stores.

        Raises UnknownStoredTypeError also for a field of a newer build: nobody else would ever learn of it.
        """
        recorded: RecordedEvent = self.to_domain_event(stored_event)
        what = f"The event {stored_event.originator_id}/{stored_event.originator_version}"
        _refuse_loss(what, recorded.event, stored_event.state)
        return recorded

    def decider_of(self, stream: str) -> Decider[Any]:
        """Return the decider of the stream's category; raises KeyError for a stream of another service."""
        return self.deciders[category_of(stream)]


def _decoded(what: str, decoder: msgspec.json.Decoder[Any], stored: bytes) -> Any:
    try:
        return decoder.decode(stored)
    except msgspec.DecodeError as error:
        raise UnknownStoredTypeError(
            f"{what} is stored in a form that this build cannot read ({error}). Start the build that wrote it, or a "
            "newer one."
        ) from error


def _refuse_loss(what: str, decoded: Any, stored: bytes) -> bool:
    """Tell whether ``decoded``, written again, is written otherwise than what is ``stored``.

    Raises UnknownStoredTypeError where it then lacks a field.
    """
    again = _encoder.encode(decoded)
    if again == stored:
        return False
    if not _holds(msgspec.json.decode(again), msgspec.json.decode(stored)):
        raise UnknownStoredTypeError(
            f"{what} holds what this build does not know and would lose. Start the build that wrote it, or a newer one."
        )
    return True


def _holds(whole: Any, part: Any) -> bool:
    """Tell whether each field of ``part``, at any depth, is one of ``whole``: values may be written otherwise."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _holds(whole[name], value) for name, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(whole) == len(part) and all(map(_holds, whole, part))
    return True
