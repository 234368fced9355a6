"""Who is believed: each scheme takes what its platform signed, and nothing that is off by anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.ingest.hook_formats import FORMATS
from services.ingest.signatures.signed import Signed
from services.ingest.webhooks_route import is_verified

SECRET = "c2VjcmV0LXRoYXQtaXMtYmFzZTY0LWFzLXdlbGw="
BODY = '{"text": "Grüße"}'.encode()
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SIGNING = sorted(name for name, form in FORMATS.items() if form.scheme.sign is not None)
OVER_THE_BODY = sorted({*SIGNING} - {"bearer", "telegram", "mattermost", "zulip"})
TIMED = ["slack", "standard-webhooks"]


def signed(name: str, *, secret: str = SECRET, at: datetime = NOW) -> Signed:
    sign = FORMATS[name].scheme.sign
    assert sign is not None
    body = FORMATS[name].scheme.with_secret(BODY, secret)
    return Signed(headers=sign(body, secret, at), body=body, now=NOW)


def believed(name: str, request: Signed, *secrets: str) -> bool:
    return is_verified(FORMATS[name], secrets or (SECRET,), request)


@pytest.mark.parametrize("name", SIGNING)
def test_what_is_signed_well_is_believed(name: str) -> None:
    assert believed(name, signed(name))
    assert believed(name, signed(name), "b3RoZXI=", SECRET)


@pytest.mark.parametrize("name", SIGNING)
def test_another_secret_is_not(name: str) -> None:
    assert not believed(name, signed(name, secret="b3RoZXI="))
    assert not is_verified(FORMATS[name], (), signed(name))


@pytest.mark.parametrize("name", OVER_THE_BODY)
@pytest.mark.parametrize("body", [b"", BODY + b" ", BODY[:-1], BODY.replace(b" ", b""), b"\xff"])
def test_another_body_is_not(name: str, body: bytes) -> None:
    assert not believed(name, replace(signed(name), body=body))


@pytest.mark.parametrize("name", OVER_THE_BODY)
def test_no_bit_may_be_another(name: str) -> None:
    good = signed(name)
    for bit in range(8 * len(good.body)):
        other = bytearray(good.body)
        other[bit // 8] ^= 1 << bit % 8
        assert not believed(name, replace(good, body=bytes(other))), other
    for header, value in good.headers.items():
        for place, sign in enumerate(value):
            other_value = value[:place] + chr(ord(sign) ^ 1) + value[place + 1 :]
            assert not believed(name, replace(good, headers={**good.headers, header: other_value})), other_value


@pytest.mark.parametrize("name", ["mattermost", "zulip"])
def test_a_secret_is_not_looked_for_in_a_body_without_end(name: str) -> None:
    good = signed(name)
    assert believed(name, replace(good, body=good.body + b" " * 100_000))
    assert not believed(name, replace(good, body=good.body + b" " * 1_000_000))


@pytest.mark.parametrize("name", SIGNING)
def test_a_header_that_is_off_by_anything_is_not(name: str) -> None:
    good = signed(name)
    for header, value in good.headers.items():
        for bad in ("", value[:-1], value + "0", value.swapcase(), "é", "v1,", value[::-1]):
            if bad == value:
                continue
            assert not believed(name, replace(good, headers={**good.headers, header: bad})), (header, bad)
        assert not believed(name, replace(good, headers={k: v for k, v in good.headers.items() if k != header}))


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_another_time_is_not(name: str, minutes: int) -> None:
    assert not believed(name, signed(name, at=NOW + timedelta(minutes=minutes)))
    assert believed(name, signed(name, at=NOW + timedelta(minutes=4 if minutes > 0 else -4)))


def test_slack_signs_as_its_documentation_says() -> None:
    """The example of docs.slack.dev/authentication/verifying-requests-from-slack."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    request = Signed(headers=headers, body=body, now=datetime.fromtimestamp(1531420618, UTC))
    assert believed("slack", request, "8f742231b10e8888abcd99yyyzzz85a5")


def test_github_signs_as_its_documentation_says() -> None:
    """The example of docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    request = Signed(headers={"x-hub-signature-256": signature}, body=b"Hello, World!", now=NOW)
    assert believed("github", request, "It's a Secret to Everybody")
