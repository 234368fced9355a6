"""What `warmline source add` makes of its options for a platform that is polled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.cli.source_adding import Asker, Given, wanted_poll, wanted_source
from infra.operator_error import OperatorError
from infra.source_setup import SETUPS
from services.ingest.hook_formats import FORMATS
from services.ingest.platforms.polled import PollSettings
from services.ingest.polling.formats import POLLED, seconds_between

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
ORGANISATION = {"platform": "tchop", "site": "https://harbour.tchop.io", "public": ("*",)}


def given(**options: Any) -> Given:
    told = dict.fromkeys(
        ("format", "site", "mapping", "member_field", "score_field", "comment_field", "since", "every")
    )
    named = {"platform": "circle", "name": "main", "community": "harbour", "secret": "token"}
    return Given(**{**told, "public": (), "private": (), **named, **options})


def test_a_polled_source_is_added_with_the_secret_that_the_platform_gave() -> None:
    wanted = wanted_source(given(since=SINCE, every=600, private=("81",)), ask=False)
    assert wanted.hook is None
    assert wanted.poll is not None
    assert (wanted.poll.format, wanted.poll.secret) == ("circle", "token")
    settings = wanted.poll.settings
    assert (settings.since, settings.every, settings.private) == (SINCE, 600, ("81",))
    assert "token" not in repr(wanted)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"secret": None}, "--secret-file is missing: an Admin API token"),
        ({"platform": "github", "every": 600}, "--since and --every are for platforms that are polled"),
        ({"public": ("5",)}, "--public"),
        ({"site": "https://harbour.example"}, "--site"),
        ({**ORGANISATION, "secret": "a token"}, "each secret in a line of its own, by its name: organisation=…, auth-"),
        ({**ORGANISATION, "secret": None}, "--secret-file is missing: x-tchop-webapp-organisation: your organisation"),
        ({**ORGANISATION, "site": None}, "--site is missing: the address of your web app"),
        ({**ORGANISATION, "public": ()}, "--public is missing: the numbers of the channels that all members can read"),
    ],
)
def test_what_does_not_fit_is_told(options: dict[str, Any], why: str) -> None:
    with pytest.raises(OperatorError) as raised:
        wanted_source(given(**options), ask=False)
    assert why in str(raised.value)


def test_several_secrets_are_given_by_their_names() -> None:
    text = "organisation=harbour\n\nauth-token = a=b\napi-client-id=17\n"
    wanted = wanted_source(given(**ORGANISATION, secret=text), ask=False)
    assert wanted.poll is not None
    assert wanted.poll.secret == {"organisation": "harbour", "auth-token": "a=b", "api-client-id": "17"}
    assert (wanted.poll.settings.site, wanted.poll.settings.public) == ("https://harbour.tchop.io", ("*",))
    assert "a=b" not in repr(wanted)


def test_each_secret_that_is_asked_for_is_one_that_the_platform_takes() -> None:
    for name, setup in SETUPS.items():
        if setup.polled:
            names = POLLED[name].credential.names
            assert tuple(setup.secrets) == (names if len(names) > 1 else ())
            assert (setup.site is not None) == POLLED[name].needs_site


def test_what_a_format_takes_is_asked_for_and_nothing_else() -> None:
    site = {"site": "https://harbour.example"}
    feed = wanted_source(given(platform="feed", secret=None, **site), ask=False).poll
    assert feed is not None
    assert (feed.secret, feed.settings.site) == ({}, "https://harbour.example")
    secrets = "email=bot@harbour.example\nkey=abc"
    zulip = wanted_source(given(platform="zulip", format="zulip-events", secret=secrets, **site), ask=False).poll
    assert zulip is not None
    assert zulip.secret == {"email": "bot@harbour.example", "key": "abc"}
    discord = wanted_source(given(platform="discord", site="https://discord.com/channels/1"), ask=False).poll
    assert discord is not None
    assert (discord.format, discord.secret) == ("discord-gateway", "token")
    bought = wanted_source(given(platform="discord", format="discord", secret="0" * 64), ask=False)
    assert (bought.hook is not None, bought.poll) == (True, None)
    asker = Asker(ask=False)
    with pytest.raises(OperatorError, match="--site is missing: the address of the webhook's page"):
        wanted_poll(given(platform="github"), "github-deliveries", asker, hook="github")
    told_by_hook = wanted_poll(given(platform="discourse"), "discourse-posts", asker, hook="discourse")
    assert (told_by_hook.settings.site, told_by_hook.settings.public) == (None, ())


def test_a_platform_that_holds_its_answer_is_not_kept_waiting_by_the_operators_interval() -> None:
    wanted = [
        seconds_between(POLLED[form], PollSettings(every=every), usual)
        for form in ("circle", "discord-gateway")
        for every, usual in ((None, None), (None, 600), (None, 1), (60, 600))
    ]
    assert wanted == [3_600, 600, 1, 60, 5, 5, 1, 60]


def test_each_way_to_connect_a_source_is_explained() -> None:
    polled = {name for name, setup in SETUPS.items() if setup.polled}
    assert polled == set(POLLED)
    assert set(SETUPS) - polled <= set(FORMATS)
