"""GitHub: what its webhook could not deliver, from the list of deliveries that GitHub keeps for three days. Pure.

Forms: https://docs.github.com/en/rest/repos/webhooks. What a delivery held is read as the webhook itself is, so that it
comes to the same facts, deletions and members of an organisation among them.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from services.ingest.platforms import github_events
from services.ingest.platforms.asked import answered, records_of, understood
from services.ingest.platforms.polled import (
    Answer,
    Ask,
    Found,
    Odd,
    PollSettings,
    Read,
    ReadSoFar,
    Round,
    Step,
)
from services.ingest.platforms.reading import Delivery, HookSettings, NotUnderstoodError, Time, decoded

DELIVERIES: Final = "deliveries"
_PER_PAGE: Final = 100
_HEADERS: Final = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_PAGE_OF_HOOK: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/]+)/(?P<of>organizations/[^/]+|[^/]+/[^/]+)/settings/hooks/(?P<hook>\d+)/?"
)


class _Listed(Struct, frozen=True, kw_only=True):
    id: int
    guid: str
    delivered_at: Time
    event: str
    status_code: int = 0
    redelivery: bool = False

    @property
    def taken(self) -> bool:
        """Whether it was answered 2xx, which is to say that it is kept."""
        return 200 <= self.status_code < 300


class _Request(Struct, frozen=True, kw_only=True):
    payload: msgspec.Raw


class _Whole(Struct, frozen=True, kw_only=True):
    request: _Request


def api_of(address: str) -> str:
    """Return where the API has the webhook whose page is at ``address``; another address as it is."""
    page = _PAGE_OF_HOOK.fullmatch(address)
    if page is None:
        return address
    of = re.sub(r"^organizations/", "orgs/", page["of"])
    api = "https://api.github.com" if page["host"] == "github.com" else f"{page['scheme']}://{page['host']}/api/v3"
    return f"{api}/{of if of.startswith('orgs/') else f'repos/{of}'}/hooks/{page['hook']}"


def read(settings: PollSettings, so_far: ReadSoFar, _began: datetime) -> Round:
    """Ask for the deliveries that failed."""
    floor = so_far.floor(DELIVERIES)
    taken_again: set[str] = set()
    params: dict[str, str] | None = {"per_page": str(_PER_PAGE)}
    while params is not None:
        answer = yield from answered("/deliveries", Ask(path="/deliveries", params=params, headers=_HEADERS))
        if answer is None:
            return
        try:
            listed = decoded(answer.body, tuple[msgspec.Raw, ...])
        except NotUnderstoodError as error:
            yield Odd(why=f"/deliveries: {error}")
            return
        page = yield from records_of("/deliveries", listed, _Listed)
        taken_again |= {one.guid for one in page if one.redelivery and one.taken}
        failed = [one for one in page if one.delivered_at >= floor and not one.taken and one.guid not in taken_again]
        for one in reversed(failed):
            yield from _delivered(one, settings)
        past = bool(page) and min(one.delivered_at for one in page) < floor
        params = None if past else answer.next_params
    yield Read(collection=DELIVERIES)


def _delivered(listed: _Listed, settings: PollSettings) -> Generator[Step, Answer, None]:
    if not github_events.concerns(listed.event):
        return
    whole = yield from understood("/deliveries/{id}", Ask(path=f"/deliveries/{listed.id}", headers=_HEADERS), _Whole)
    if whole is None:
        return
    try:
        headers = {"x-github-event": listed.event, "x-github-delivery": listed.guid}
        delivery = Delivery(headers=headers, body=bytes(whole.request.payload), arrived=listed.delivered_at)
        reading = github_events.read(delivery, HookSettings(private=settings.private))
    except NotUnderstoodError as error:
        yield Odd(why=f"/deliveries/{{id}}: {error}")
        return
    if isinstance(reading, tuple):
        yield Found(facts=reading)
