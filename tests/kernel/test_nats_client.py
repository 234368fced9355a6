"""The quicker reading of headers reads what nats-py's own reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client

from shared.nats_client import QuickClient

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
    assert QuickClient._parse_header_lines(raw) == Client._parse_header_lines(raw)


def test_a_message_is_read() -> None:
    raw = b"Nats-Msg-Id: a:b\r\ntraceparent:00-1-2-00\r\n\r\n"
    assert QuickClient._parse_header_lines(raw) == {"Nats-Msg-Id": "a:b", "traceparent": "00-1-2-00"}
