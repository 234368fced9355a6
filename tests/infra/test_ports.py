from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.operator_error import OperatorError
from infra.ports import FIRST_PORT, claim_internal, claim_public


def test_unset_port_is_the_first_free_pair_and_two_runs_never_share_one() -> None:
    first, second = claim_public(None), claim_public(None)
    try:
        desk, ingest, other_desk, other_ingest = (claim.port for claim in (*first, *second))
        assert desk >= FIRST_PORT
        assert ingest == desk + 1
        assert other_desk >= ingest + 1
        assert other_ingest == other_desk + 1
    finally:
        for claim in (*first, *second):
            claim.release()


@contextmanager
def taken_port(host: str, *, free_before: int) -> Iterator[int]:
    """A port that is taken, and before it so many that are not."""
    while True:
        with socket.create_server((host, 0)) as taken:
            port: int = taken.getsockname()[1]
            try:
                for earlier in range(port - free_before, port):
                    socket.create_server(("", earlier)).close()
            except OSError:
                continue
            yield port
            return


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("offset", [0, 1])
def test_set_port_that_is_taken_names_the_port_and_the_mend(host: str, offset: int) -> None:
    with (
        taken_port(host, free_before=offset) as port,
        pytest.raises(OperatorError, match=rf"Port {port} .* is taken .*choose another PORT"),
    ):
        claim_public(port - offset)


def test_internal_port_is_remembered_until_it_is_taken() -> None:
    first = claim_internal(None)
    first.release()
    again = claim_internal(first.port)
    elsewhere = claim_internal(first.port)
    try:
        assert again.port == first.port
        assert elsewhere.port != first.port
    finally:
        again.release()
        elsewhere.release()
