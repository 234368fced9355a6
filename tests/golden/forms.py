"""Every frozen form: its sample, how it is written and how it is read. A service adds its codec to ``SERVICES``.

A form that gains an optional field is written with it from then on: its file and sample so far become ``<name>#1``,
which is only read, and a new file is written beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from eventsourcing.persistence import StoredEvent

from services.notifier.service import notifier_codec
from services.triage.service import triage_codec
from shared.contracts.audit import AUDIT_FORMS
from shared.contracts.cloudevents import MemberEvent, decode_member_event, decode_publication, encode_member_event
from shared.contracts.commands import COMMAND_TYPES, MEMBER_COMMAND_TYPES, CommandReply, MemberReply
from shared.contracts.member_events import MEMBER_EVENT_TYPES
from shared.contracts.needs_touch import NEEDS_TOUCH_TYPES
from shared.contracts.policy import Policy
from shared.contracts.subjects import member_command_subject
from shared.contracts.touch_facts import TOUCH_FACT_TYPES
from shared.contracts.warmline_facts import WARMLINE_FACT_TYPES
from shared.event_store.codec import EventCodec, RecordedEvent
from tests.golden import samples_contracts, samples_notifier, samples_triage

FILES: Final = Path(__file__).parent / "files"
SERVICES: Final[dict[str, tuple[EventCodec, dict[str, Any]]]] = {
    "triage": (triage_codec(), samples_triage.SAMPLES),
    "notifier": (notifier_codec(), samples_notifier.SAMPLES),
}

_PLAIN: Final[dict[str, type[Any]]] = {
    **{f"command.touch.{verb}": form for verb, form in COMMAND_TYPES.items()},
    "command.touch.reply": CommandReply,
    **{member_command_subject(verb): form for verb, form in MEMBER_COMMAND_TYPES.items()},
    "command.member.reply": MemberReply,
    "policy": Policy,
    **AUDIT_FORMS,
}
_BUS: Final[dict[str, type[Any]]] = {**NEEDS_TOUCH_TYPES, **TOUCH_FACT_TYPES}
PUBLISHED: Final = {*MEMBER_EVENT_TYPES, *WARMLINE_FACT_TYPES, *_BUS, *_PLAIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One stored or published form."""

    folder: str
    name: str
    sample: Any
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]

    @property
    def type_name(self) -> str:
        return self.name.partition("#")[0]

    @property
    def earlier(self) -> bool:
        return self.name != self.type_name

    @property
    def file(self) -> Path:
        return FILES / self.folder / f"{self.name}.json"


def forms() -> Iterator[Form]:
    """Return every form that has a sample."""
    for service, (codec, samples) in SERVICES.items():
        for name, sample in samples.items():
            stored = name.partition("#")[0]
            if stored.startswith("state."):
                encode, decode = codec.encode_state, _state_decoder(codec, stored)
            else:
                encode, decode = _event_encoder(codec), _event_decoder(codec, stored)
            yield Form(folder=service, name=name, sample=sample, encode=encode, decode=decode)
    for name, sample in samples_contracts.SAMPLES.items():
        encode, decode = _published(name.partition("#")[0], sample)
        yield Form(folder="contracts", name=name, sample=sample, encode=encode, decode=decode)


def expected_names() -> Iterator[tuple[str, str]]:
    """Return folder and name of every form that there is, with a sample or without."""
    for service, (codec, _) in SERVICES.items():
        yield from ((service, name) for name in codec.names.values())
        yield from ((service, f"state.{category}") for category in codec.deciders)
    yield from (("contracts", name) for name in PUBLISHED)


def _event_encoder(codec: EventCodec) -> Callable[[Any], bytes]:
    def encode(event: Any) -> bytes:
        recorded = RecordedEvent(originator_id="any", originator_version=1, event=event)
        return bytes(codec.to_stored_event(recorded).state)

    return encode


def _event_decoder(codec: EventCodec, name: str) -> Callable[[bytes], Any]:
    def decode(body: bytes) -> Any:
        stored = StoredEvent(originator_id="any", originator_version=1, topic=name, state=body)
        return codec.to_domain_event(stored).event

    return decode


def _state_decoder(codec: EventCodec, name: str) -> Callable[[bytes], Any]:
    return lambda body: codec.decode_state(name.removeprefix("state.") + ":any", body)


def _published(name: str, sample: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    if isinstance(sample, MemberEvent):
        return encode_member_event, decode_member_event
    if name in _BUS:
        return msgspec.json.encode, lambda body: decode_publication({"ce-type": name}, body)
    return msgspec.json.encode, lambda body: msgspec.json.decode(body, type=_PLAIN[name])
