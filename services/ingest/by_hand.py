"""What responders tell of members: commands in, each a fact of its community in MEMBER_EVENTS.

They are served by nats-py's subscription on the connection that ingest has: any process may answer, none owns them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.ingest.communities import Communities
from services.ingest.database import DatabaseUnavailableError
from services.ingest.message import fact_message
from services.ingest.policies import Policies
from services.ingest.told_facts import fact_id, fact_of
from services.ingest.validation import fields_with_nul
from shared.contracts.commands import (
    MEMBER_COMMAND_TYPES,
    DeclineContact,
    LinkCommand,
    LinkMember,
    MemberCommand,
    MemberReply,
    PromiseFollowUp,
)
from shared.contracts.policy import Policy
from shared.contracts.subjects import member_command_subject
from shared.event_store.errors import SkewError
from shared.publisher import DurablePublisher, PublishUnavailableError, StreamFullError
from shared.working_hours import WorkingHours

_GROUP: Final = "ingest"
_LONGEST: Final = timedelta(days=3650)
_log = structlog.get_logger()
_decoders: Final = {verb: msgspec.json.Decoder(form) for verb, form in MEMBER_COMMAND_TYPES.items()}


class ByHand:
    """Takes commands on members. What was told once is a fact once: its identity is that of the command."""

    def __init__(
        self,
        communities: Communities,
        policies: Policies,
        publisher: DurablePublisher,
        partitions: int,
    ) -> None:
        self._communities = communities
        self._policies = policies
        self._publisher = publisher
        self._partitions = partitions

    async def listen(self, nc: Client) -> None:
        """Take commands from now on, for as long as the connection lasts."""
        for verb in MEMBER_COMMAND_TYPES:
            await nc.subscribe(member_command_subject(verb), queue=_GROUP, cb=self._answer)

    async def _answer(self, message: Msg) -> None:
        reply = await self.take(message.subject.rpartition(".")[2], message.data)
        if message.reply:
            await message.respond(msgspec.json.encode(reply))

    async def take(self, verb: str, body: bytes) -> MemberReply:
        """Return what became of the command in ``body``; raises nothing."""
        try:
            command = _decoders[verb].decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _refused("bad-command", f"the body is no {verb} command: {error}. Nothing was changed.")
        unfit = next(fields_with_nul(msgspec.to_builtins(command), "the command"), None)
        if unfit is not None:
            return _refused(
                "bad-command", f"{unfit} holds the character NUL, which cannot be kept. Nothing was changed."
            )
        try:
            return await self._tell(verb, command)
        except (DatabaseUnavailableError, PublishUnavailableError, StreamFullError, SkewError) as error:
            _log.warning("by_hand_waits", error=str(error))
            return _refused("unavailable", "This cannot be kept just now. Try again in a moment.")

    async def _tell(self, verb: str, command: MemberCommand) -> MemberReply:
        organisation = (await self._communities.known()).organisation_of(command.community)
        policy = await self._policies.in_force(organisation) if organisation is not None else None
        if organisation is None or policy is None:
            return _refused("unknown-community", f"No policy names the community {command.community}.")
        if (against := refusal(command, policy)) is not None:
            return against
        now = datetime.now(UTC)
        if (against := against_its_time(command, policy, now)) is not None:
            return against
        message = fact_message(
            fact_of(command),
            organisation=organisation,
            event_id=fact_id(verb, command),
            time=min(getattr(command, "at", None) or now, now),
            partitions=self._partitions,
        )
        (stored,) = await self._publisher.publish([message])
        return MemberReply(event=message.msg_id, position=stored.seq)


def refusal(command: MemberCommand, policy: Policy) -> MemberReply | None:
    """Return why ``policy`` does not let the command be, None where it does: by its responders, not about oneself."""
    responder = next((one for one in policy.responders if one.name == command.responder), None)
    if responder is None or (responder.communities and command.community not in responder.communities):
        return _refused(
            "unknown-responder", f"The policy names no responder {command.responder} of {command.community}."
        )
    if command.member in responder.identities:
        return _refused("not-allowed", "That is you: somebody else of the team tells what is about you.")
    return _against_linking(command, policy) if isinstance(command, LinkCommand) else None


def _against_linking(command: LinkCommand, policy: Policy) -> MemberReply | None:
    if command.member == command.other:
        return _refused("not-allowed", "That is one identity, given twice: name the two that are one person.")
    team = next((one for one in (command.member, command.other) if one in policy.named_team), None)
    if isinstance(command, LinkMember) and team is not None:
        return _refused(
            "not-allowed",
            f"{team.platform}:{team.id} is of the team, and who else that is, the policy says: add the other "
            "identity to the responder's identities, or to team.members.",
        )
    return None


def against_its_time(command: MemberCommand, policy: Policy, now: datetime) -> MemberReply | None:
    """Return why a time that is named is refused, None where it is not: days are those of the policy's time zone."""
    if isinstance(command, DeclineContact) and command.until is not None and not now < command.until < now + _LONGEST:
        return _refused("bad-command", "until must be later than now, and within ten years. Nothing was changed.")
    if not isinstance(command, PromiseFollowUp):
        return None
    local = now.astimezone(WorkingHours.of(policy.hours).zone)
    if not local.date() <= command.day < (local + _LONGEST).date():
        today = f"which is {local.date()} in {policy.hours.timezone}"
        detail = f"day must be today, {today}, or later, and within ten years. Nothing was changed."
        return _refused("bad-command", detail)
    return None


def _refused(why: str, detail: str) -> MemberReply:
    return MemberReply(event="", position=0, refused=why, detail=detail)
