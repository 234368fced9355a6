"""The quicker reading and writing of messages reads and writes what nats-py's own does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.errors import BadSubjectError

from shared.nats_client import framed
from shared.nats_headers import Headers, header_lines, read_headers

PIECES = st.sampled_from(
    [
        b"Nats-Msg-Id",
        b"ce-id",
        b":",
        b": ",
        b"\r\n",
        b" ",
        b"\t",
        b"\x1c",
        b"\n",
        b"\r",
        "\u00e9".encode(),
        b"\xff",
        b"v",
        b"_",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=3), max_size=20).map(b"".join))
def test_headers_are_read_as_nats_py_reads_them(raw: bytes) -> None:
    assert read_headers(raw) == Client._parse_header_lines(raw)


def test_a_message_is_read() -> None:
    raw = b"Nats-Msg-Id: a:b\r\ntraceparent:00-1-2-00\r\n\r\n"
    assert read_headers(raw) == {"Nats-Msg-Id": "a:b", "traceparent": "00-1-2-00"}


@given(st.lists(PIECES | st.binary(max_size=3), max_size=20).map(b"".join))
def test_headers_that_are_looked_up_one_by_one_are_the_same(raw: bytes) -> None:
    assert dict(Headers(b"NATS/1.0\r\n" + raw)) == Client._parse_header_lines(raw)
    for name in ("ce-id", "Nats-Msg-Id", "v"):
        assert Headers(b"NATS/1.0\r\n" + raw).get(name) == Client._parse_header_lines(raw).get(name)


@given(st.dictionaries(st.sampled_from(["ce-id", "Nats-Msg-Id"]), st.text(max_size=5)), st.binary(max_size=9))
def test_what_is_framed_carries_what_nats_py_would_send(headers: dict[str, str], body: bytes) -> None:
    command, _, rest = framed("a.b", header_lines(headers), body).partition(b"\r\n")
    op, subject, head, total = command.split()
    lines = rest[: int(head)].removeprefix(b"NATS/1.0\r\n")
    assert (op, subject, rest[int(head) : int(total)], rest[int(total) :]) == (b"HPUB", b"a.b", body, b"\r\n")
    sent = {
        name: value.replace("\r", " ").replace("\n", " ").encode().strip().decode() for name, value in headers.items()
    }
    assert Client._parse_header_lines(lines) == sent


@pytest.mark.parametrize("subject", ["a b", "a\r\nPUB c 1\r\nx", "a\tb"])
def test_a_subject_that_would_be_a_command_is_refused(subject: str) -> None:
    with pytest.raises(BadSubjectError):
        framed(subject, "", b"")
