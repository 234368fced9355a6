"""What a platform answers, over real HTTP: packed once or not at all, and no longer than is allowed."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from services.ingest.platforms.polled import Answered, Ask, Refused
from services.ingest.polling.access import access_by
from services.ingest.polling.client import PlatformAwayError, PlatformClient
from services.ingest.polling.formats import POLLED
from tests.polling.fake_platform import FakePlatform
from tests.polling.test_access import Kept

pytestmark = pytest.mark.asyncio(loop_scope="session")
TOO_LONG = bytes(17 * 1024 * 1024)


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    with FakePlatform(lambda _path, _params: b"[]", "Bearer pat").serving() as fake:
        yield fake


@pytest_asyncio.fixture(loop_scope="session")
async def client(platform: FakePlatform) -> AsyncIterator[PlatformClient]:
    access = access_by(POLLED["github-deliveries"].credential, "pat", Kept())
    client = PlatformClient("github-deliveries", platform.url, access, 6_000)
    yield client
    await client.close()


def answering(platform: FakePlatform, body: bytes, coding: str) -> None:
    platform.answering = lambda _path, _params: body
    platform.more = lambda _path, _params: {"content-encoding": coding} if coding else {}


@pytest.mark.parametrize("coding", ["", "identity", "gzip", "GZIP"])
async def test_an_answer_may_be_packed_once(platform: FakePlatform, client: PlatformClient, coding: str) -> None:
    answering(platform, gzip.compress(b"[1]", mtime=0) if "zip" in coding.lower() else b"[1]", coding)
    answer = await client.ask(Ask(path="/list"))
    assert isinstance(answer, Answered)
    assert answer.body == b"[1]"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (TOO_LONG, "", "more than 16,777,216 bytes"),
        (gzip.compress(TOO_LONG, mtime=0), "gzip", "more than 16,777,216 bytes"),
        (gzip.compress(b"[1]", mtime=0), "gzip, gzip", "a coding that was not asked for: 'gzip, gzip'"),
        (b"[]", "br", "a coding that was not asked for: 'br'"),
        (b"[]", "gzip", "no gzip, though it says so"),
        (gzip.compress(b"[1]", mtime=0)[:-9], "gzip", "in the middle"),
    ],
)
async def test_what_is_too_long_or_packed_otherwise_is_refused(
    platform: FakePlatform, client: PlatformClient, body: bytes, coding: str, why: str
) -> None:
    answering(platform, body, coding)
    with pytest.raises(PlatformAwayError, match=why):
        await client.ask(Ask(path="/list"))


async def test_github_says_403_too_where_a_limit_is_used_up(platform: FakePlatform, client: PlatformClient) -> None:
    platform.plan("/list", 403)
    assert await client.ask(Ask(path="/list")) == Refused(status=403)
