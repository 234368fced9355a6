"""GitHub: what people write in a repository, from webhooks or its event archive, to member events. Pure.

Issues, pull requests and discussions of a repository share one numbering, so each is the conversation
``<repository id>/<number>``, whatever it is seen through.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from services.ingest.platforms.facts import link, name_of, text_of
from services.ingest.platforms.reading import Time
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import Audience

PLATFORM: Final = "github"
_STANDING: Final = frozenset(("OWNER", "MEMBER", "COLLABORATOR"))


class User(Struct, frozen=True, kw_only=True):
    """An account. GitHub leaves it out where the account is gone."""

    id: int
    login: str
    type: str = "User"


class Item(Struct, frozen=True, kw_only=True):
    """An issue, a pull request, a discussion, a review or a comment."""

    id: int
    html_url: str | None = None
    user: User | None = None
    number: int | None = None
    title: str | None = None
    body: str | None = None
    author_association: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    submitted_at: Time | None = None
    closed_at: Time | None = None
    merged_at: Time | None = None
    state_reason: str | None = None
    active_lock_reason: str | None = None
    answer_chosen_at: Time | None = None
    in_reply_to_id: int | None = None
    parent_id: int | None = None


class Repository(Struct, frozen=True, kw_only=True):
    """Where it happened."""

    id: int
    full_name: str
    private: bool = False


def conversation_of(repository: Repository, number: int) -> str:
    """Return the conversation that an issue, a pull request or a discussion is."""
    return f"{repository.id}/{number}"


def message_of(kind: str, item: Item) -> str:
    """Return the message that a comment or a review is, by the name of its webhook: their ids overlap."""
    return f"{kind}/{item.id}"


def member_of(user: User, association: str | None = None) -> Member:
    """Return an account as a member, by its number: logins change hands. Its role is its standing in the repository.

    Who has none there states none, though a contributor or new: roles that are stated stand for the whole community,
    and who looks after one repository may be a contributor in the next.
    """
    roles = (association.lower(),) if association in _STANDING else ()
    return Member(id=str(user.id), handle=name_of(user.login), roles=roles, bot=user.type == "Bot")


def opening(item: Item, repository: Repository, audience: Audience) -> Posted | None:
    """Return the post that opens an issue, a pull request or a discussion; None if its account is gone."""
    if item.user is None or item.number is None:
        return None
    conversation = conversation_of(repository, item.number)
    return Posted(
        member=member_of(item.user, item.author_association),
        conversation=conversation,
        message=conversation,
        text=_text(item),
        channel=name_of(repository.full_name),
        audience=audience,
        url=link(item.html_url),
    )


def answering(kind: str, item: Item, parent: Item, repository: Repository, audience: Audience) -> Posted | None:
    """Return the post that a comment or a review is; None if its account is gone."""
    if item.user is None or parent.number is None:
        return None
    answered = item.in_reply_to_id or item.parent_id
    return Posted(
        member=member_of(item.user, item.author_association),
        conversation=conversation_of(repository, parent.number),
        message=message_of(kind, item),
        text=_text(item),
        reply_to=f"{kind}/{answered}" if answered else None,
        channel=name_of(repository.full_name),
        audience=audience,
        url=link(item.html_url),
    )


def _text(item: Item) -> str:
    return text_of("\n\n".join(part for part in (item.title, item.body) if part))
