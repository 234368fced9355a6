"""What people are written of a touch that nobody claims, on a real database and by a real mail server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.notifier.notices.notice import LogChannel, SmtpChannel
from services.notifier.smtp_settings import SmtpSettings
from shared.contracts.policy import EmergencyContact, Escalation, Policy, Responder, UrgentPatience
from tests.notifier.desk import DESK, Desk
from tests.notifier.mailbox import Mailbox
from tests.notifier.people import ALWAYS, need, policy, responder, who
from tests.notifier.test_notices import closed, in_two_days
from tests.waiting import until_async

SECOND = 1 / 3600
HASTY = UrgentPatience(acknowledge_within_hours=2 * SECOND, held_at_most_hours=SECOND, remind_again_after_hours=SECOND)
MIRA = responder("mira", email="mira@example.org", email_verified=True)
VERA = responder("vera", email="vera@example.org", email_verified=True, segments=("nobodys",))
URGENT = need(urgency="urgent", member=who("ada"))


def hasty(*people: Responder, contact: EmergencyContact | None = None, **changes: Any) -> Policy:
    escalation = Escalation(urgent=HASTY, emergency_contact=contact)
    return policy(*people, **{"hours": ALWAYS, "escalation": escalation, **changes})


async def firing(desk: Desk, condition: Callable[[], Any]) -> None:
    """Fire what comes due until ``condition`` holds."""

    async def fired() -> Any:
        await desk.fire()
        found = condition()
        return await found if asyncio.iscoroutine(found) else found

    await until_async(fired)


async def test_reminder_escalation_and_reminders_again_until_somebody_claims_it(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.adopt(hasty(MIRA, VERA, contact=EmergencyContact(responder="vera")))
    await desk.raise_need(URGENT)
    async with desk.outbox(LogChannel(), SmtpChannel(smtp)):
        for count in range(1, 5):
            await firing(desk, lambda count=count: len(mailbox.mails) >= count)
        assert mailbox.told == [
            ("mira", "a touch waits for you (urgent)"),
            ("mira", "a touch still waits for you (urgent)"),
            ("vera", "nobody acts on a touch (urgent)"),
            ("vera", "still nobody acts on a touch (urgent)"),
        ]
        await desk.claim("t-1", "mira")
        assert await desk.query("SELECT 1 FROM notifier.p0_deadlines WHERE stream LIKE 'touch:%%'") == []
    for mail in mailbox.mails:
        first, _, link = str(mail.get_payload()).splitlines()
        assert (link, first.endswith(".")) == (f"{DESK}/touches/t-1", True)
        assert "ada" not in mail.as_string().lower()
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 4


async def test_an_address_is_written_to_once_somebody_has_confirmed_it(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    address = EmergencyContact(email="on-call@example.org")
    await desk.adopt(hasty(contact=address, hours=closed(in_two_days())))
    await desk.raise_need(URGENT)
    async with desk.outbox(SmtpChannel(smtp)):
        await firing(desk, lambda: desk.query("SELECT 1 FROM notifier.notices WHERE ended_as = 'no verified target'"))
        assert mailbox.mails == []
        confirmed = replace(address, email_verified=True)
        await desk.adopt(hasty(contact=confirmed, hours=closed(in_two_days())))
        await desk.raise_need(need("t-2", urgency="urgent"))
        await firing(desk, lambda: mailbox.mails)
    assert {name for name, _ in mailbox.told} == {"on-call"}, "at any hour, as it is urgent"


@pytest.mark.parametrize(
    "contact", [EmergencyContact(responder="vera"), EmergencyContact(email="team@example.org", email_verified=True)]
)
async def test_what_is_not_urgent_is_told_within_hours(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings, contact: EmergencyContact
) -> None:
    await desk.adopt(hasty(VERA, contact=contact))
    await desk.raise_need(URGENT)
    async with desk.outbox(SmtpChannel(smtp)):
        mailbox.answer = "451 later"
        await firing(desk, lambda: desk.query("SELECT 1 FROM notifier.notices WHERE last_error IS NOT NULL"))
        await desk.adopt(hasty(VERA, contact=contact, hours=closed(in_two_days())))
        await desk.raise_need(msgspec.structs.replace(URGENT, urgency="soon", revision=2))
        mailbox.answer = "250 OK"
        await desk.make_due()

        async def postponed() -> bool:
            return any(row["wait"] > timedelta(hours=1) for row in await desk.notices())

        await until_async(postponed)
    assert mailbox.mails == []


async def test_the_newest_word_overtakes_the_older(desk: Desk, mailbox: Mailbox, smtp: SmtpSettings) -> None:
    """After an outage of the mail server nobody gets a reminder on top of what it reminds of."""
    await desk.adopt(hasty(MIRA, VERA, contact=EmergencyContact(responder="vera")))
    await desk.raise_need(URGENT)
    mailbox.answer = "451 later"

    def made() -> Any:
        return desk.query(
            "SELECT 1 FROM notifier.notices WHERE channel = 'smtp' AND kind = 'escalation-reminder' AND tries > 0"
        )

    async with desk.outbox(SmtpChannel(smtp)):
        await firing(desk, made)
    mailbox.answer = "250 OK"
    await desk.make_due()
    async with desk.outbox(SmtpChannel(smtp)):
        await until_async(lambda: len(mailbox.mails) >= 2)
        await until_async(lambda: desk.query("SELECT 1 FROM notifier.notices HAVING count(*) = count(ended_as)"))
    assert sorted(mailbox.told) == [
        ("mira", "a touch still waits for you (urgent)"),
        ("vera", "still nobody acts on a touch (urgent)"),
    ]
