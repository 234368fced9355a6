"""What `warmline source add` makes of its options for a platform that is polled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.cli.source_adding import Given, wanted_source
from infra.operator_error import OperatorError
from infra.source_setup import SETUPS
from services.ingest.hook_formats import FORMATS
from services.ingest.polling.formats import POLLED

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


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
    ],
)
def test_what_does_not_fit_is_told(options: dict[str, Any], why: str) -> None:
    with pytest.raises(OperatorError) as raised:
        wanted_source(given(**options), ask=False)
    assert why in str(raised.value)


def test_each_way_to_connect_a_source_is_explained() -> None:
    polled = {name for name, setup in SETUPS.items() if setup.polled}
    assert polled == set(POLLED)
    assert set(SETUPS) - polled <= set(FORMATS)
