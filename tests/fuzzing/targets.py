"""Every parser of what comes from outside, as a function that takes any bytes: what it may not do fails in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from services.ingest.envelope import BATCH, JSON, STRUCTURED, EnvelopeError, read_envelope
from services.ingest.policies import PolicyRefusedError
from services.ingest.policy_body import read_policy
from services.ingest.principal import Administrator, Principal
from services.ingest.problem import ProblemError
from services.ingest.refusal import Refusal
from services.ingest.validation import validate
from services.notifier.command_desk import read_command
from services.projections.cursors import CursorError, decode_cursor, encode_cursor
from services.projections.desk.session import Sessions
from services.projections.history.queries import EventPlace
from services.projections.queue.queries import Place
from shared.contracts.cloudevents import UnknownTypeError, decode_member_event, encode_member_event
from shared.contracts.commands import COMMAND_TYPES, CommandReply
from shared.contracts.member_events import MEMBER_EVENT_TYPES
from shared.contracts.needs_touch import NEEDS_TOUCH_TYPES
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from shared.contracts.touch_facts import TOUCH_FACT_TYPES
from shared.dead_letters import dead_letter
from shared.delivery import Message, decode
from shared.policy.load import load_policy
from shared.telemetry.traces import request_trace
from tests.fuzzing.platform_parsers import KNOWN, NOW, PLATFORM_PARSERS, SOURCE

_CORPUS: Final = Path(__file__).parent / "corpus"
_GOLDEN: Final = Path(__file__).parents[1] / "golden/files/contracts"
_REQUEST: Final = {"method": "POST", "path": "/v1/events", "scheme": "http"}
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A function of any bytes, and files to begin with besides those of the corpus' folder of its name.

    ``inputs`` are tried in the suite: what takes a fraction of a second.
    """

    name: str
    run: Callable[[bytes], object]
    samples: tuple[str, ...] = ()
    inputs: int = 3_000

    def seeds(self) -> dict[str, bytes]:
        """Return by name what is tried first, all that once failed included."""
        own = _CORPUS / self.name
        files = [
            *(own.iterdir() if own.is_dir() else ()),
            *(one for glob in self.samples for one in _GOLDEN.glob(glob)),
        ]
        return {file.name: file.read_bytes() for file in sorted(files)}


def _events(data: bytes) -> None:
    """A whole request to ingest: a line of headers, a line that says by whom, and the body."""
    head, _, body = data.partition(b"\n")
    headers = [
        (name.lower(), value) for name, _, value in (line.partition(b"=") for line in head.split(b"|")) if name != b"by"
    ]
    principal: Principal = Administrator() if b"by=administrator" in head else SOURCE
    try:
        envelope = read_envelope(headers, body)
    except EnvelopeError:
        return
    for raw in envelope.events:
        fate = raw if isinstance(raw, Refusal) else validate(raw, principal, KNOWN, NOW, None)
        if isinstance(fate, Refusal):
            msgspec.json.encode((fate.id, fate.source, fate.field, fate.reason))
            continue
        assert fate.event.community == "acme"
        assert decode_member_event(fate.body) == fate.event
        assert b"\\u0000" not in fate.body.replace(b"\\\\", b"")


def _member_event(data: bytes) -> None:
    try:
        event = decode_member_event(data)
    except (UnknownTypeError, *_UNREADABLE):
        return
    assert decode_member_event(encode_member_event(event)) == event


def _message(data: bytes) -> None:
    """A stored message with CloudEvents headers, one a line, and its body after an empty line."""
    head, _, body = data.partition(b"\n\n")
    pairs = (line.partition(":") for line in head.decode("ascii", "surrogateescape").splitlines())
    headers = {name: value.strip() for name, _, value in pairs}
    stream = headers.pop("stream", TOUCHES)
    message = Message(stream=stream, seq=1, stored=NOW, subject="touch.acme.held", headers=headers, body=body)
    try:
        delivered = decode(message)
    except (UnknownTypeError, *_UNREADABLE) as error:
        letter = dead_letter(message, error, 1)
        for text in (*letter.headers, *letter.headers.values(), letter.error, letter.trace_id or ""):
            assert "\0" not in text
            text.encode()
        return
    assert delivered.key


def _policy_file(data: bytes) -> None:
    loaded = load_policy(data.decode("utf-8", "surrogateescape"))
    assert (loaded.policy is None) == bool(loaded.errors)
    if loaded.policy is not None:
        assert read_policy(msgspec.json.encode(loaded.policy)) == loaded.policy


def _policy_body(data: bytes) -> None:
    try:
        policy = read_policy(data)
    except PolicyRefusedError as error:
        msgspec.json.encode(error.problems)
    except (ProblemError, *_UNREADABLE):
        return
    else:
        assert read_policy(msgspec.json.encode(policy)) == policy


def _command(data: bytes) -> None:
    for verb in COMMAND_TYPES:
        command = read_command(verb, data)
        if isinstance(command, CommandReply):
            assert command.refused == "bad-command"
        msgspec.json.encode(command)


def _cursor(data: bytes) -> None:
    cursor = data.decode("utf-8", "surrogateescape")
    for form in (Place, EventPlace):
        try:
            place = decode_cursor(cursor, form)
        except CursorError:
            continue
        assert decode_cursor(encode_cursor(place), form) == place


def _session(data: bytes) -> None:
    sessions = Sessions("secret")
    assert sessions.open(data.decode("latin-1"), NOW.timestamp()) is None
    assert not sessions.is_administrator(data.decode("latin-1"))


def _traceparent(data: bytes) -> None:
    with request_trace("/v1/events", _REQUEST, data.decode("latin-1")) as trace:
        assert trace is None or len(trace) == 55


_SLOW: Final = {"zulip": 100}

TARGETS: Final = {
    target.name: target
    for target in (
        Target(name="events", run=_events),
        Target(name="member_event", run=_member_event, samples=("warmline.member.*", "warmline.community.*")),
        Target(name="message", run=_message),
        Target(name="policy_file", run=_policy_file, inputs=100),
        Target(name="policy_body", run=_policy_body, samples=("policy*.json",), inputs=500),
        *(Target(name=name, run=run, inputs=_SLOW.get(name, 3_000)) for name, run in PLATFORM_PARSERS.items()),
        Target(name="command", run=_command, samples=("command.touch.*.json",)),
        Target(name="cursor", run=_cursor),
        Target(name="session", run=_session),
        Target(name="traceparent", run=_traceparent),
    )
}


def words() -> list[str]:
    """Return what inputs are made of, for the fuzzer to put them together: names of fields, types and values."""
    found = {*MEMBER_EVENT_TYPES, *NEEDS_TOUCH_TYPES, *TOUCH_FACT_TYPES, BATCH, STRUCTURED, JSON, MEMBER_EVENTS, "acme"}

    def gather(value: object) -> None:
        if isinstance(value, dict):
            found.update(value)
            for inner in value.values():
                gather(inner)
        elif isinstance(value, list):
            for inner in value:
                gather(inner)
        elif isinstance(value, str) and len(value) <= 40:
            found.add(value)

    for file in _GOLDEN.glob("*.json"):
        gather(json.loads(file.read_bytes()))
    return sorted(found)
