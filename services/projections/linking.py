"""From what people say of two identities to the command: whom they mean, and what speaks against it at once."""

from __future__ import annotations

from http import HTTPStatus

from services.projections.acting import Linking
from services.projections.history.queries import KnownMember
from services.projections.member_commands import basis
from services.projections.member_resources import MemberDetail
from services.projections.problems import Problem
from services.projections.reading import Reader
from shared.contracts.commands import LinkMember, UnlinkMember
from shared.contracts.names import member_key
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import MOST_LINKED

_PAGE = "/members/"


async def linking(reader: Reader, member: MemberDetail, said: Linking) -> LinkMember:
    """Return the command to link ``member`` with whom ``said`` names; raises Problem."""
    key = key_of(member.community, said.other)
    known = _identities(member)
    if key in known:
        raise Problem(HTTPStatus.CONFLICT, "These two are one person already.", field="other")
    person = await _person(reader, member, key, said)
    if len(known | set(person)) > MOST_LINKED:
        raise Problem(
            HTTPStatus.CONFLICT,
            f"That would be more than {MOST_LINKED} identities, which no one person has here: take back a link that "
            "is wrong first.",
            field="other",
        )
    other = Identity(platform=person[key].platform, id=person[key].member_id)
    return LinkMember(**basis(member, said.responder, said.command_id), other=other, why=said.why)


async def unlinking(reader: Reader, member: MemberDetail, said: Linking) -> UnlinkMember:
    """Return the command that ``member`` and whom ``said`` names are two people, linked or not; raises Problem."""
    key = key_of(member.community, said.other)
    linked = (link.other for link in member.links if link.member.key == member.key)
    found = next((Identity(platform=one.platform, id=one.platform_id) for one in linked if one.key == key), None)
    if found is None and key in _identities(member):
        raise Problem(
            HTTPStatus.CONFLICT, "No link between these two holds: take back those that lead from one to the other."
        )
    if found is None:
        other = (await _person(reader, member, key, said))[key]
        found = Identity(platform=other.platform, id=other.member_id)
    return UnlinkMember(**basis(member, said.responder, said.command_id), other=found, why=said.why)


def _identities(member: MemberDetail) -> set[str]:
    return {one.key for link in member.links for one in (link.member, link.other)} | {member.key}


async def _person(reader: Reader, member: MemberDetail, key: str, said: Linking) -> dict[str, KnownMember]:
    person = await reader.person(key)
    if key not in person or person[key].community != member.community:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"Nobody is known in {member.community} as {said.other!r}: give the address of their page here, or the "
            "platform, a colon and the id by which events name them, such as slack:U024BE7LH.",
            field="other",
        )
    return person


def key_of(community: str, named: str) -> str:
    """Return the key of whom people name: by it, by the address of the page at the desk, or as ``platform:id``."""
    if _PAGE in named:
        return named.rpartition(_PAGE)[2].partition("?")[0]
    platform, colon, member_id = named.strip().partition(":")
    return member_key(community, platform, member_id) if colon else platform
