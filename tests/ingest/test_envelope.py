from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.envelope import BATCH, JSON, STRUCTURED, EnvelopeError, RawEvent, read_envelope
from services.ingest.refusal import Refusal

EVENT = {"specversion": "1.0", "id": "1", "source": "/discord/guild", "type": "t", "time": "now", "data": {"a": [1]}}


def headers(content_type: str, **attributes: str) -> list[tuple[bytes, bytes]]:
    named = {f"ce-{name}": value for name, value in attributes.items()}
    return [(name.encode(), value.encode()) for name, value in {"content-type": content_type, **named}.items()]


@pytest.mark.parametrize("content_type", [STRUCTURED, JSON, "Application/CloudEvents+JSON; charset=UTF-8"])
def test_a_structured_event(content_type: str) -> None:
    envelope = read_envelope(headers(content_type), json.dumps(EVENT).encode())
    [event] = envelope.events
    assert envelope.single
    assert isinstance(event, RawEvent)
    assert (event.id, event.source, event.type, event.time) == ("1", "/discord/guild", "t", "now")
    assert json.loads(bytes(event.data)) == {"a": [1]}


@pytest.mark.parametrize("content_type", [BATCH, JSON])
def test_a_batch_keeps_order_and_bad_items(content_type: str) -> None:
    items = [EVENT, {**EVENT, "id": 2}, "text", {**EVENT, "id": "4", "source": "\ud800"}, {}]
    envelope = read_envelope(headers(content_type), json.dumps(items).encode())
    assert not envelope.single
    assert [event.id for event in envelope.events] == ["1", None, None, None, None]
    assert [isinstance(event, Refusal) for event in envelope.events] == [False, True, True, True, False]


@pytest.mark.parametrize("body", [b'[{"id": "\\ud83d"}, NaN]', b'[{"id": "\\ud83d"}', b'["\\udead", {"id": nothing}]'])
def test_half_an_emoji_hides_no_malformed_json(body: bytes) -> None:
    with pytest.raises(EnvelopeError, match="not valid JSON"):
        read_envelope(headers(BATCH), body)


def test_an_empty_batch_is_a_batch() -> None:
    assert read_envelope(headers(BATCH), b"[]").events == ()


def test_binary_mode() -> None:
    sent = headers(JSON, specversion="1.0", id="caf%C3%A9", source="/a/b", type="t", time="now", extension="x")
    envelope = read_envelope(sent, b'{"a": 1}')
    [event] = envelope.events
    assert envelope.single
    assert isinstance(event, RawEvent)
    assert (event.id, event.datacontenttype, bytes(event.data)) == ("café", JSON, b'{"a": 1}')


def test_what_is_no_event_is_told_apart() -> None:
    with pytest.raises(EnvelopeError, match="specversion"):
        read_envelope(headers(JSON), b'{"hello": "world"}')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
event_like = st.fixed_dictionaries({}, optional=dict.fromkeys(EVENT, json_values))
bodies = (
    st.binary()
    | st.text().map(str.encode)
    | (event_like | st.lists(event_like | json_values, max_size=5)).map(lambda value: json.dumps(value).encode())
)


@given(
    content_type=st.sampled_from([STRUCTURED, BATCH, JSON, "", "text/plain", f"{JSON};charset"]) | st.text(max_size=20),
    attributes=st.dictionaries(st.sampled_from(["id", "specversion", "x"]), st.binary(max_size=20), max_size=3),
    body=bodies,
)
def test_no_request_raises_anything_but_the_declared_error(
    content_type: str, attributes: dict[str, bytes], body: bytes
) -> None:
    sent = [(b"content-type", content_type.encode()), *((f"ce-{k}".encode(), v) for k, v in attributes.items())]
    with suppress(EnvelopeError):
        read_envelope(sent, body)
