"""What JetStream delivers is taken from a connection, however its bytes are cut, and the rest is left to nats-py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.msg import Msg
from nats.errors import ProtocolError

from shared.nats_client import QuickClient, take_deliveries
from shared.nats_deliveries import Delivery, place_of

HEAD = b"NATS/1.0\r\nce-id: 1\r\n\r\n"
REPLY = b"$JS.ACK.S.c.1.7.7.1700000000123456789.0"


def with_headers(sid: int, body: bytes, reply: bytes = REPLY) -> bytes:
    sizes = b"%d %d" % (len(HEAD), len(HEAD) + len(body))
    return b"HMSG a.b %d %b %b\r\n%b%b\r\n" % (sid, reply, sizes, HEAD, body)


def without_headers(sid: int, body: bytes, reply: bytes = REPLY) -> bytes:
    return b"MSG a.b %d %b %d\r\n%b\r\n" % (sid, reply, len(body), body)


BODIES = st.binary(max_size=12) | st.sampled_from([b"MSG a.b 1 $JS.ACK.x 3\r\nabc\r\n", b"\r\n", b"PING\r\n"])
FRAMES = st.one_of(
    st.tuples(st.just("taken"), BODIES, st.sampled_from([with_headers, without_headers])),
    st.tuples(st.just("status"), BODIES, st.sampled_from([with_headers, without_headers])),
    st.tuples(st.just("another"), BODIES, st.sampled_from([with_headers, without_headers])),
    st.tuples(st.just("pong"), st.just(b""), st.none()),
)


async def test_a_taker_that_leaves_amid_a_message_holds_up_nobody_after_it() -> None:
    client = QuickClient()
    taken: list[Delivery] = []

    async def tell(_: Msg) -> None: ...

    async def sent(*_: object) -> None: ...

    client._send_subscribe = sent  # type: ignore[method-assign]
    client._status = client.CONNECTED
    before = await client.subscribe("a.b", cb=tell)
    take_deliveries(client, before, taken.extend)
    large = without_headers(before._id, b"x" * 3000)
    await client._ps.parse(large[:1000])
    client._ps.takers.clear()  # type: ignore[attr-defined]
    await client._ps.parse(large[1000:])
    after = await client.subscribe("a.b", cb=tell)
    take_deliveries(client, after, taken.extend)
    await client._ps.parse(without_headers(after._id, b"small"))
    assert [one.body for one in taken] == [b"small"]
    before._stop_processing()
    after._stop_processing()


@given(st.lists(FRAMES, max_size=12), st.lists(st.integers(0, 400), max_size=8))
def test_however_the_bytes_come_each_message_goes_where_it_belongs_in_order(
    frames: list[tuple[str, bytes, object]], cuts: list[int]
) -> None:
    async def parsed() -> tuple[list[bytes], list[bytes], list[bytes]]:
        client = QuickClient()
        taken: list[bytes] = []
        told: list[bytes] = []
        others: list[bytes] = []

        def take(deliveries: Sequence[Delivery]) -> None:
            assert all(one.head in {HEAD, b""} and one.subject == b"a.b" for one in deliveries)
            taken.extend(one.body for one in deliveries)

        async def tell(message: Msg) -> None:
            told.append(message.data)

        async def hear(message: Msg) -> None:
            others.append(message.data)

        async def sent(*_: object) -> None: ...

        client._send_subscribe = sent  # type: ignore[method-assign]
        client._status = client.CONNECTED
        ours = await client.subscribe("a.b", cb=tell)
        theirs = await client.subscribe("a.b", cb=hear)
        take_deliveries(client, ours, take)
        wire = b""
        for kind, body, form in frames:
            if kind == "pong":
                wire += b"PONG\r\n"
            else:
                assert callable(form)
                sid = theirs._id if kind == "another" else ours._id
                wire += form(sid, body, b"_INBOX.x" if kind == "status" else REPLY)
        places = sorted({min(cut, len(wire)) for cut in cuts} | {0, len(wire)})
        for start, end in pairwise(places):
            await client._ps.parse(wire[start:end])
        await asyncio.gather(ours._pending_queue.join(), theirs._pending_queue.join())
        ours._stop_processing()
        theirs._stop_processing()
        return taken, told, others

    taken, told, others = asyncio.run(parsed())
    bodies = {name: [body for kind, body, _ in frames if kind == name] for name in ("taken", "status", "another")}
    assert (taken, told, others) == (bodies["taken"], bodies["status"], bodies["another"])


async def test_deliveries_come_many_at_a_time_whatever_stands_between_them_and_wherever_a_chunk_ends() -> None:
    client = QuickClient()
    handed_over: list[int] = []
    client.deliveries.takers[b"1"] = lambda deliveries: handed_over.append(len(deliveries))
    one = with_headers(1, b"a body")
    wire = 10 * one + b"PONG\r\n" + 20 * one
    amid = len(10 * one + b"PONG\r\n" + one) - 4
    await client._ps.parse(wire[:amid])
    await client._ps.parse(wire[amid:-4])
    await client._ps.parse(wire[-4:])
    assert handed_over == [10, 19, 1]


async def test_what_is_no_message_ends_the_connection_as_nats_py_has_it() -> None:
    client = QuickClient()
    client.deliveries.takers[b"1"] = lambda _: None
    with pytest.raises(ProtocolError):
        await client._ps.parse(b"MSG a.b 1 $JS.ACK.x many\r\nabc\r\n")


async def test_a_taker_that_fails_is_told_of_and_the_next_bytes_are_read() -> None:
    client = QuickClient()
    errors: list[Exception] = []

    async def note(error: Exception) -> None:
        errors.append(error)

    def fail(_: Sequence[Delivery]) -> None:
        raise ValueError("no")

    client._error_cb = note
    client.deliveries.takers[b"1"] = fail
    await client._ps.parse(with_headers(1, b"x") + with_headers(1, b"y"))
    await client._ps.parse(with_headers(1, b"z"))
    assert [str(error) for error in errors] == ["no", "no"]


def test_the_place_of_a_message_is_read_from_both_forms_of_the_reply() -> None:
    short = place_of(REPLY)
    long = place_of(b"$JS.ACK.domain.hash.S.c.1.7.7.1700000000123456789.0.token")
    assert short == long
    assert short[:3] == ("c", 7, 7)
    assert short[3].isoformat() == "2023-11-14T22:13:20.123456+00:00"


@given(microseconds=st.integers(min_value=0, max_value=2**52 - 1))
def test_when_a_message_was_stored_is_read_to_the_microsecond(microseconds: int) -> None:
    stored = place_of(b"$JS.ACK.S.c.1.7.7.%d999.0" % microseconds)[3]
    assert (stored - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) == microseconds
