"""What a platform is shown, over real HTTP: a secret, several, and a token that expires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from services.ingest.platforms.polled import Answered, Ask, Refused
from services.ingest.polling.access import SecretRefusedError, access_by
from services.ingest.polling.client import PlatformClient
from services.ingest.polling.credentials import NOTHING, Credential, Grant, Secrets, Token
from tests.polling.fake_platform import FakePlatform

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _form(secrets: Secrets, last: str | None) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": last or secrets["refresh"], "client_id": secrets["id"]}


GRANT = Credential(names=("id", "refresh"), grant=Grant(path="/oauth/token", form=_form))
SEVERAL = Credential(
    names=("who", "token"), headers=lambda secrets: {"x-who": secrets["who"], "x-token": secrets["token"]}
)
GIVEN = GRANT.packed({"id": "app", "refresh": "first"})


class Kept:
    """Where the token is kept."""

    def __init__(self) -> None:
        self.it: Token | None = None

    async def token(self) -> Token | None:
        return self.it

    async def keep(self, token: Token) -> None:
        self.it = token


class Grants:
    """A platform that gives each token once, for so many seconds, and takes back the one before."""

    def __init__(self, expires_in: float | None) -> None:
        self.expires_in = expires_in
        self.refresh = "first"
        self.given = 0
        self.fake = FakePlatform(lambda _path, _params: {"here": True}, "nobody yet")
        self.fake.open = {"/oauth/token"}
        self.fake.posting = self.grant

    def grant(self, _path: str, body: bytes) -> Any:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if form["refresh_token"] != self.refresh or form["client_id"] != "app":
            return 400
        self.given += 1
        self.refresh = f"refresh-{self.given}"
        self.fake.authorization = f"Bearer token-{self.given}"
        token = {"access_token": f"token-{self.given}", "refresh_token": self.refresh, "token_type": "bearer"}
        return token if self.expires_in is None else token | {"expires_in": self.expires_in}


@pytest.fixture
def grants(request: pytest.FixtureRequest) -> Iterator[Grants]:
    made = Grants(getattr(request, "param", 7_200))
    with made.fake.serving():
        yield made


async def asked(grants: Grants, kept: Kept, *, times: int = 1, secret: str = GIVEN) -> list[Answered | Refused]:
    client = PlatformClient("any", grants.fake.url, access_by(GRANT, secret, kept), 6_000)
    try:
        return [await client.ask(Ask(path="/list")) for _ in range(times)]
    finally:
        await client.close()


async def test_a_token_is_got_once_and_outlives_the_process(grants: Grants) -> None:
    kept = Kept()
    assert [type(answer) for answer in await asked(grants, kept, times=3)] == [Answered] * 3
    await asked(grants, kept)
    assert grants.given == 1
    assert kept.it is not None
    assert "token-1" not in repr(kept.it)


@pytest.mark.parametrize("grants", [30], indirect=True)
async def test_a_token_is_got_anew_before_it_expires_by_what_came_with_it(grants: Grants) -> None:
    await asked(grants, Kept(), times=3)
    assert grants.given == 3
    assert grants.fake.count("/list") == 3


@pytest.mark.parametrize("grants", [None], indirect=True)
async def test_a_token_that_is_not_taken_any_more_is_got_anew_at_once(grants: Grants) -> None:
    kept = Kept()
    await asked(grants, kept)
    grants.fake.authorization = "Bearer another"
    assert isinstance((await asked(grants, kept))[0], Answered)
    assert grants.given == 2


async def test_what_the_token_does_not_open_is_refused_alone(grants: Grants) -> None:
    grants.fake.plan("/list", 403)
    assert [type(answer) for answer in await asked(grants, Kept(), times=2)] == [Refused, Answered]


@pytest.mark.parametrize("grants", [1e300, -1e300], indirect=True)
async def test_a_token_may_say_that_it_holds_for_ever_or_not_at_all(grants: Grants) -> None:
    assert isinstance((await asked(grants, Kept()))[0], Answered)


async def test_without_a_token_nothing_is_asked(grants: Grants) -> None:
    with pytest.raises(SecretRefusedError, match="any answers 400 to /oauth/token: it does not take the secret"):
        await asked(grants, Kept(), secret=GRANT.packed({"id": "app", "refresh": "stolen"}))
    assert grants.fake.count("/list") == 0


async def test_what_the_operator_gives_holds_when_what_came_with_the_last_token_does_not(grants: Grants) -> None:
    kept = Kept()
    kept.it = Token(access="gone", refresh="gone", expires=None)
    assert isinstance((await asked(grants, kept))[0], Answered)


async def test_a_token_that_is_refused_at_once_is_not_asked_for_again_and_again(grants: Grants) -> None:
    grants.fake.plan("/list", 401, 401, 401)
    with pytest.raises(SecretRefusedError, match="any answers 401 to /list"):
        await asked(grants, Kept())
    assert grants.given == 2


async def test_several_secrets_go_into_the_headers() -> None:
    fake = FakePlatform(lambda _path, _params: {"here": True}, "two")
    fake.header = "x-token"
    access = access_by(SEVERAL, SEVERAL.packed({"token": "two", "who": "one"}), Kept())
    with fake.serving():
        client = PlatformClient("any", fake.url, access, 6_000)
        assert isinstance(await client.ask(Ask(path="/list")), Answered)
        await client.close()


async def test_a_secret_for_those_who_take_none_is_told_at_once() -> None:
    for given in ("one", {"token": "one"}):
        with pytest.raises(ValueError, match=r"give none|takes no secret"):
            NOTHING.packed(given)
    assert NOTHING.unpacked(NOTHING.packed({})) == {}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("one", "there are several: who, token. Give each by its name"),
        ({"who": "one"}, "token is missing: it takes who, token"),
        ({"who": "one", "token": "two", "age": "three"}, "age is none of them: it takes who, token"),
    ],
)
async def test_what_the_platform_does_not_take_is_told_at_once(given: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SEVERAL.packed(given)
