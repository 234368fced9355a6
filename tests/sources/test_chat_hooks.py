"""Zulip, Mattermost and Discord. Payloads: zulip.com/api/outgoing-webhook-payload, server/public/model/
outgoing_webhook.go of mattermost/mattermost, docs.discord.com/developers/events/webhook-events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from nacl.signing import SigningKey

from services.ingest.hook_formats import FORMATS
from services.ingest.platforms import discord_events, mattermost, zulip
from services.ingest.platforms.reading import HookSettings, NotUnderstoodError, Reading, Reply
from services.ingest.signatures.signed import Signed
from services.ingest.webhooks_route import is_verified
from shared.contracts.member_events import Cancelled, Posted, Renewed
from tests.sources.reading import delivery, only_fact, why_passed

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ZULIP = {
    "id": 112,
    "sender_id": 10,
    "sender_full_name": "King Hamlet",
    "sender_email": "user10@zulip.example",
    "type": "stream",
    "stream_id": 5,
    "display_recipient": "Verona",
    "subject": "✔ Verona Topic",
    "timestamp": 1527876931,
    "content": "@**Cordelia|12** how do I begin?",
}
MATTERMOST = {
    "token": "xr3j5x3p4pfk7kk6ck7b4e6ghh",
    "team_id": "c3a4cqe3dfy6dgopqt8ai3hydh",
    "team_domain": "acme",
    "channel_id": "jwoe9516rjf53k6ikt5iuw6jmo",
    "channel_name": "help",
    "user_id": "rnina9994bde8mua79zqcg5hmo",
    "user_name": "ada",
    "post_id": "8xqqnuo66yrc7mqcw7b7kmdbbh",
    "text": "How do I begin?",
    "trigger_word": "",
    "file_ids": "",
}


def zulip_message(settings: HookSettings | None = None, **change: Any) -> Reading:
    payload = {"bot_email": "b", "data": "x", "token": "t", "trigger": "mention", "message": {**ZULIP, **change}}
    return zulip.read(delivery(payload), settings or HookSettings(site="https://chat.example", public=("5",)))


def test_a_mention_of_the_zulip_bot_is_a_post_in_its_topic() -> None:
    fact = only_fact(zulip_message())
    assert isinstance(fact.data, Posted)
    assert (fact.id, fact.data.conversation, fact.data.mentions) == ("post:112:1", "5/Verona Topic", ("12",))
    assert (fact.data.channel, fact.data.audience, fact.data.member.id) == ("Verona", "members", "10")
    assert fact.data.url == "https://chat.example/#narrow/channel/5/topic/.E2.9C.94.20Verona.20Topic/near/112"
    assert "zulip.example" not in repr(fact)
    assert only_fact(zulip_message(sender_email="helper-bot@zulip.example")).data.member.bot


def test_zulip_does_not_tell_who_can_read_a_channel_so_that_listed_ones_are_taken() -> None:
    assert why_passed(zulip_message(stream_id=6)) == "private-place"
    private = only_fact(zulip_message(HookSettings(private=("5",))))
    assert isinstance(private.data, Posted)
    assert private.data.audience == "private"
    direct = {"type": "private", "stream_id": None, "display_recipient": [{"id": 10}]}
    assert why_passed(zulip_message(HookSettings(public=("*",)), **direct)) == "direct-message"


@pytest.mark.parametrize("as_form", [True, False])
def test_mattermost_sends_a_form_or_json(as_form: bool) -> None:
    body: Any = {**MATTERMOST, "timestamp": 1795335300123}
    if as_form:
        body = urlencode({**MATTERMOST, "timestamp": 1795335300}).encode()
    fact = only_fact(mattermost.read(delivery(body), HookSettings(site="https://mm.example/")))
    assert isinstance(fact.data, Posted)
    assert (fact.data.conversation, fact.data.place) == (MATTERMOST["post_id"], MATTERMOST["channel_id"])
    assert fact.data.channel == "help"
    assert fact.data.url == "https://mm.example/acme/pl/8xqqnuo66yrc7mqcw7b7kmdbbh"
    assert fact.time.replace(microsecond=0) == datetime.fromtimestamp(1795335300, UTC)


@pytest.mark.parametrize("body", [b"", b"token=x", b"{}", b"\xff=1", b"a=1&" * 200, b"[]"])
def test_anything_else_is_not_understood(body: bytes) -> None:
    for read in (mattermost.read, zulip.read):
        with pytest.raises(NotUnderstoodError):
            read(delivery(body), HookSettings())


@pytest.mark.parametrize("name", ["zulip", "mattermost"])
def test_the_token_in_the_body_is_asked_for(name: str) -> None:
    scheme = FORMATS[name].scheme
    body = scheme.with_secret(FORMATS[name].sample[1], "the-token")
    for secrets, good in ((("the-token",), True), (("other", "the-token"), True), (("the-toke",), False), ((), False)):
        assert is_verified(FORMATS[name], secrets, Signed(headers={}, body=body, now=NOW)) == good
    for without in (b"", b"{}", b'{"token":null}', b'{"token":["the-token"]}', b"token=", FORMATS[name].sample[1]):
        assert not is_verified(FORMATS[name], ("the-token",), Signed(headers={}, body=without, now=NOW))


def test_discord_is_believed_by_its_key_alone_and_its_ping_is_answered() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    public, body, time = key.verify_key.encode().hex(), b'{"version":1,"type":0}', str(int(NOW.timestamp()))

    def believed(signer: SigningKey, *, said: bytes = body, at: str = time, signature: str | None = None) -> bool:
        made = signature if signature is not None else signer.sign(time.encode() + body).signature.hex()
        headers = {"x-signature-ed25519": made, "x-signature-timestamp": at}
        return is_verified(FORMATS["discord"], (public,), Signed(headers=headers, body=said, now=NOW))

    assert believed(key)
    assert not believed(other)
    assert not believed(key, said=body + b" ")
    assert not believed(key, at=str(int(time) + 1))
    for bad in ("", "zz", "00" * 64, "00"):
        assert not believed(key, signature=bad)
    reading = discord_events.read(delivery(body), HookSettings())
    assert isinstance(reading, Reply)
    assert (reading.status, reading.body) == (204, b"")


def test_an_old_signature_of_discord_is_refused() -> None:
    key, body = SigningKey.generate(), b"{}"
    old = str(int(NOW.timestamp()) - 600)
    headers = {"x-signature-ed25519": key.sign(old.encode() + body).signature.hex(), "x-signature-timestamp": old}
    request = Signed(headers=headers, body=body, now=NOW)
    assert not is_verified(FORMATS["discord"], (key.verify_key.encode().hex(),), request)


def test_what_a_discord_user_bought_and_lost_is_told() -> None:
    data = {"id": "1234", "sku_id": "99", "application_id": "1", "user_id": "42", "type": 8, "deleted": False}

    def event(kind: str, **change: Any) -> Reading:
        whole = {"type": kind, "timestamp": "2024-10-18T14:42:53.064834", "data": {**data, **change}}
        return discord_events.read(delivery({"version": 1, "type": 1, "event": whole}), HookSettings())

    bought, lost = only_fact(event("ENTITLEMENT_CREATE")), only_fact(event("ENTITLEMENT_DELETE"))
    assert isinstance(bought.data, Renewed)
    assert isinstance(lost.data, Cancelled)
    assert bought.time.tzinfo is UTC
    assert (bought.data.plan, bought.data.member.id) == ("99", "42")
    ended = only_fact(event("ENTITLEMENT_UPDATE", ends_at="2024-11-18T14:42:53+00:00"))
    assert (ended.id, ended.data) == (lost.id, lost.data)
    assert why_passed(event("ENTITLEMENT_UPDATE", ends_at=None)) == "of-no-concern"
    assert why_passed(event("ENTITLEMENT_CREATE", user_id=None)) == "no-member"
    assert why_passed(event("GAME_DIRECT_MESSAGE_CREATE")) == "direct-message"
    assert why_passed(event("APPLICATION_AUTHORIZED")) == "of-no-concern"
