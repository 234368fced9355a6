"""Administration of sources over HTTP: adding, listing, pausing, and what their webhooks are signed with."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar import delete, get, post, put
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from services.ingest.admin_parts import AdminParts, check_names, organisation_of, parts_of
from services.ingest.hook_formats import FORMATS, Format
from services.ingest.hooks import Hook, HookKey
from services.ingest.platforms import generic
from services.ingest.platforms.mapping import MappingError, check
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import HookSettings
from services.ingest.polling.formats import POLLED, PolledFormat
from services.ingest.problem import ProblemError
from services.ingest.source_forms import (
    HookWanted,
    PollWanted,
    SecretAdded,
    SecretWanted,
    SignedSample,
    SourceAdded,
    SourceList,
    SourceWanted,
)
from services.ingest.webhooks_route import PREFIX, TEST_HEADER
from shared.safe_url import is_encrypted_or_local

_SECRET_BYTES: Final = 32


@post("/v1/sources", summary="Add a source and get its token")
async def post_source(data: SourceWanted, state: State) -> SourceAdded:
    """Add a source of a community; the token in the answer is shown once."""
    check_names(community=data.community, platform=data.platform, name=data.name)
    parts = parts_of(state)
    await organisation_of(parts, data.community)
    key, now, secret = (data.community, data.platform, data.name), datetime.now(UTC), None
    if data.hook is not None and data.poll is not None:
        raise ProblemError(422, "add the webhook first, and then the poll: PUT its /poll", field="poll")
    if data.poll is not None:
        kept = _checked_poll(data.poll)
        token = await parts.polls.add(key, data.poll.format, data.poll.settings, kept, now)
    elif data.hook is None:
        token = await parts.sources.add(*key, now)
    else:
        secret = _secret(_format(data.hook), data.hook.secret, "hook.secret")
        token = await parts.hooks.add(key, data.hook.format, data.hook.settings, secret, now)
    source = f"/{data.platform}/{data.name}"
    if token is None:
        raise ProblemError(
            409, f"the community {data.community!r} has a source {source} already: choose another name", field="name"
        )
    path = _path(key) if data.hook else None
    return SourceAdded(name=data.name, source=source, token=token, path=path, secret=secret)


@get("/v1/sources", summary="List the sources")
async def get_sources(state: State) -> SourceList:
    """Return every source, without tokens."""
    return SourceList(items=await parts_of(state).sources.listed())


@delete("/v1/sources/{platform:str}/{name:str}", summary="Remove a source")
async def delete_source(platform: str, name: str, community: str, state: State) -> None:
    """Remove a source of a community, so that its token is worth nothing from now on."""
    check_names(community=community, platform=platform, name=name)
    parts = parts_of(state)
    if not await parts.sources.remove(community, platform, name):
        raise _absent((community, platform, name))
    parts.hooks.forget()


@post("/v1/sources/{platform:str}/{name:str}/pause", status_code=204, summary="Pause a source")
async def post_pause(platform: str, name: str, community: str, state: State) -> None:
    """Take nothing of a source until it goes on; whoever sends is asked to come again later."""
    await _pause((community, platform, name), datetime.now(UTC), parts_of(state))


@post("/v1/sources/{platform:str}/{name:str}/resume", status_code=204, summary="Go on with a source")
async def post_resume(platform: str, name: str, community: str, state: State) -> None:
    """Take the events of a paused source again; a platform that refused the secret is asked anew."""
    parts = parts_of(state)
    await _pause((community, platform, name), None, parts)
    await parts.polls.go_on((community, platform, name))


@post("/v1/sources/{platform:str}/{name:str}/poll", status_code=204, summary="Poll a source at once")
async def post_poll(platform: str, name: str, community: str, state: State) -> None:
    """Begin a round within seconds, also with a secret that the platform refused; the list tells what comes of it."""
    check_names(community=community, platform=platform, name=name)
    if not await parts_of(state).polls.ask_now((community, platform, name)):
        raise _not_polled((community, platform, name))


@put("/v1/sources/{platform:str}/{name:str}/poll", status_code=204, summary="Poll a source, whatever else it has")
async def put_poll(platform: str, name: str, community: str, data: PollWanted, state: State) -> None:
    """Ask the platform, so from now on, also for what the source's webhook did not bring.

    Of a webhook, its address and the places that are taken hold where the settings name none.
    """
    check_names(community=community, platform=platform, name=name)
    key, parts = (community, platform, name), parts_of(state)
    wanted = _completed(data, await parts.hooks.of(key))
    kept = _checked_poll(wanted)
    if not await parts.polls.put(key, wanted.format, wanted.settings, kept, datetime.now(UTC)):
        raise _absent(key)


@post("/v1/sources/{platform:str}/{name:str}/secret", status_code=200, summary="Give a webhook another secret")
async def post_secret(platform: str, name: str, community: str, data: SecretWanted, state: State) -> SecretAdded:
    """Take requests signed with the new secret; the one before holds, too, until it is dropped: 409 if one still does.

    A platform that is polled is asked with the new one alone, which it gave. A source that has a webhook, too, says
    which of both it is.
    """
    check_names(community=community, platform=platform, name=name)
    key, hooks, polls = (community, platform, name), parts_of(state).hooks, parts_of(state).polls
    form, hook = await polls.form(key), await hooks.of(key)
    if data.polled and form is None:
        raise _not_polled(key)
    if data.polled and data.secret is None:
        raise ProblemError(422, "secret: give the one that the platform gave", field="secret")
    if form is not None and data.secret is not None and (data.polled or hook is None):
        await polls.replace_secret(key, _packed(POLLED[form], data.secret, "secret"))
        return SecretAdded(secret=None)
    if hook is None:
        raise _no_hook(key)
    if isinstance(data.secret, dict):
        raise ProblemError(422, "secret: a webhook has one secret", field="secret")
    secret = _secret(FORMATS[hook.format], data.secret, "secret")
    if not await hooks.replace_secret(key, secret):
        raise _no_hook(key) if await hooks.of(key) is None else _two_hold(key)
    return SecretAdded(secret=secret)


@delete("/v1/sources/{platform:str}/{name:str}/earlier-secret", summary="Drop the secret before the last")
async def delete_earlier_secret(platform: str, name: str, community: str, state: State) -> None:
    """Take requests signed with the newest secret only."""
    check_names(community=community, platform=platform, name=name)
    if not await parts_of(state).hooks.drop_earlier_secret((community, platform, name)):
        raise _no_hook((community, platform, name))


@get("/v1/sources/{platform:str}/{name:str}/sample", summary="Get a signed sample to try a webhook with")
async def get_sample(platform: str, name: str, community: str, state: State) -> SignedSample:
    """Return a request that comes to nothing but an answer, for whoever wants to know whether the way is open."""
    check_names(community=community, platform=platform, name=name)
    key = (community, platform, name)
    hook = await parts_of(state).hooks.of(key)
    if hook is None:
        raise _no_hook(key)
    headers, sample = FORMATS[hook.format].sample
    body, signature = _signed(hook, sample)
    signed = {**headers, **signature, TEST_HEADER: "1"}
    return SignedSample(path=_path(key), headers=signed, body=body.decode())


async def _pause(key: HookKey, at: datetime | None, parts: AdminParts) -> None:
    community, platform, name = key
    check_names(community=community, platform=platform, name=name)
    if not await parts.sources.pause(*key, at):
        raise _absent(key)
    parts.hooks.forget()


def _signed(hook: Hook, sample: bytes) -> tuple[bytes, dict[str, str]]:
    scheme = FORMATS[hook.format].scheme
    if scheme.sign is None:
        raise ProblemError(422, f"only {hook.format} itself can sign for {hook.principal.source}: have it send a test")
    if not hook.secrets:
        raise ProblemError(422, f"the secret of {hook.principal.source} cannot be read: give it anew")
    body = scheme.with_secret(sample, hook.secrets[0])
    return body, scheme.sign(body, hook.secrets[0], datetime.now(UTC))


def _format(hook: HookWanted) -> Format:
    """Return the wanted format; raises ProblemError when it or its settings cannot be."""
    if hook.format not in FORMATS:
        raise ProblemError(422, f"hook.format: there are {', '.join(sorted(FORMATS))}", field="hook.format")
    try:
        check(hook.settings.mapping)
    except MappingError as error:
        raise ProblemError(422, f"mapping{error}", field="hook.settings.mapping") from None
    found = FORMATS[hook.format]
    if bool(hook.settings.mapping) != (found.read is generic.read):
        wants = "needs a mapping" if not hook.settings.mapping else "has a reader of its own and takes no mapping"
        raise ProblemError(422, f"{hook.format} {wants}", field="hook.settings.mapping")
    return found


def _completed(poll: PollWanted, hook: Hook | None) -> PollWanted:
    settings, known = poll.settings, HookSettings() if hook is None else hook.settings
    completed = msgspec.structs.replace(
        settings,
        site=settings.site or known.site,
        private=settings.private or known.private,
        public=settings.public or known.public,
    )
    return replace(poll, settings=completed)


def _checked_poll(poll: PollWanted) -> str:
    """Return what is kept of the secret; raises ProblemError when the platform cannot be polled so."""
    if poll.format not in POLLED:
        raise ProblemError(422, f"poll.format: there are {', '.join(sorted(POLLED))}", field="poll.format")
    form = POLLED[poll.format]
    if form.needs_site and poll.settings.site is None:
        raise ProblemError(
            422, f"{poll.format} is at an address of each community's own: give it", field="poll.settings.site"
        )
    for name, address in (("site", poll.settings.site), ("api", poll.settings.api)):
        if address is not None and not is_encrypted_or_local(address):
            raise ProblemError(
                422,
                "the secret would cross the network unencrypted: begin the address with https://",
                field=f"poll.settings.{name}",
            )
    return _packed(form, poll.secret, "poll.secret")


def _packed(form: PolledFormat, secret: str | dict[str, str], field: str) -> str:
    try:
        return form.credential.packed(secret)
    except ValueError as error:
        raise ProblemError(422, f"{field}: {error}", field=field) from None


def _secret(form: Format, given: str | None, field: str) -> str:
    """Return the secret that was given, or one that is made; raises ProblemError for one that is none."""
    if given is None:
        return form.key_prefix + secrets.token_hex(_SECRET_BYTES)
    try:
        form.scheme.check(given)
    except ValueError as error:
        raise ProblemError(422, f"{field}: {error}", field=field) from None
    return given


def _path(key: HookKey) -> str:
    return PREFIX + "/".join(key)


def _absent(key: HookKey) -> ProblemError:
    return ProblemError(404, f"the community {key[0]!r} has no source /{key[1]}/{key[2]}")


def _no_hook(key: HookKey) -> ProblemError:
    return ProblemError(404, f"the community {key[0]!r} has no source /{key[1]}/{key[2]} with a webhook")


def _not_polled(key: HookKey) -> ProblemError:
    return ProblemError(404, f"the community {key[0]!r} has no source /{key[1]}/{key[2]} that is polled")


def _two_hold(key: HookKey) -> ProblemError:
    community, platform, name = key
    return ProblemError(
        409,
        f"two secrets of /{platform}/{name} hold already, and the platform may sign with either: when it has the newer "
        f"one, drop the earlier with warmline source rotate-secret {platform} {name} --community {community} --finish",
    )


SOURCE_ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    post_source,
    get_sources,
    delete_source,
    post_pause,
    post_resume,
    post_poll,
    put_poll,
    post_secret,
    delete_earlier_secret,
    get_sample,
)
SOURCE_FORMS: Final[tuple[type[Any], ...]] = (
    HookSettings,
    HookWanted,
    PollSettings,
    PollWanted,
    SecretAdded,
    SecretWanted,
    SignedSample,
    SourceAdded,
    SourceList,
    SourceWanted,
)
