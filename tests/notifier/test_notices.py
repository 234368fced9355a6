"""Notices on a real database and by a real mail server."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier.notices import outbox
from services.notifier.notices.notice import LogChannel, Notice, SmtpChannel
from services.notifier.notices.recipient import Recipient
from services.notifier.smtp_settings import SmtpSettings
from shared.contracts.policy import Hours, Leave, Responder
from tests.notifier.desk import DESK, Desk
from tests.notifier.mailbox import Mailbox, MailServer, settings
from tests.notifier.people import ALWAYS, WORKDAYS, need, policy, responder, who
from tests.waiting import until_async

MIRA = responder("mira", email="mira@example.org", email_verified=True)
JONAS = responder("jonas", email="jonas@example.org", email_verified=True)
LOG = LogChannel()


def everybody(*people: Responder) -> Any:
    return policy(*people, hours=ALWAYS)


def in_two_days() -> datetime:
    return datetime.now(UTC) + timedelta(days=2)


def closed(opening: datetime) -> Hours:
    """Hours that begin on that day of the week."""
    day = (*WORKDAYS, "saturday", "sunday")[opening.weekday()]
    return Hours(timezone="UTC", days={day: ("10:00-11:00",)})  # type: ignore[dict-item]


async def ended(desk: Desk, count: int, channel: str = "smtp") -> list[dict[str, Any]]:
    """Return the channel's notices once ``count`` of them have ended."""

    async def done() -> list[dict[str, Any]]:
        rows = await desk.notices(channel)
        return rows if sum(row["ended_as"] is not None for row in rows) >= count else []

    return await until_async(done)


async def test_a_notice_holds_urgency_and_a_link_and_nothing_about_anybody(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need(urgency="urgent", member=who("ada")))
    async with desk.outbox(LOG, SmtpChannel(smtp)):
        (row,) = await ended(desk, 1)
    assert row["ended_as"] == "sent"
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["mira@example.org"]
    assert mail["Subject"] == "Warmline: a touch waits for you (urgent)"
    assert mail.get_payload().splitlines() == ["Somebody needs a human touch, now.", "", f"{DESK}/touches/t-1"]
    assert mail["Message-ID"].endswith("@example.org>")
    assert "ada" not in mail.as_string().lower()


async def test_each_assignment_is_noticed_while_the_outbox_runs(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.adopt(everybody(MIRA))
    async with desk.outbox(SmtpChannel(smtp)):
        for number in range(2):
            await desk.raise_need(need(f"t-{number}"))
            await until_async(lambda number=number: len(mailbox.mails) > number)


async def test_what_became_of_a_notice_is_forgotten_after_a_month(desk: Desk) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need("t-old"))
    await desk.raise_need(need("t-young"))
    async with desk.outbox(LOG):
        await ended(desk, 2, "log")
        await desk.query(
            "UPDATE notifier.notices SET ended_at = ended_at - interval '31 days' WHERE touch = 't-old' RETURNING 1"
        )
        await desk.raise_need(need("t-new"))

        async def kept() -> bool:
            return {row["touch"] for row in await desk.notices("log")} == {"t-young", "t-new"}

        await until_async(kept)


@pytest.mark.parametrize("unreachable", [replace(MIRA, email_verified=False), replace(MIRA, email=None)])
async def test_only_verified_addresses_are_written_to(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings, unreachable: Responder
) -> None:
    await desk.adopt(everybody(unreachable))
    await desk.raise_need(need())
    async with desk.outbox(LOG, SmtpChannel(smtp)):
        assert (await ended(desk, 1))[0]["ended_as"] == "no verified target"
        assert (await ended(desk, 1, "log"))[0]["ended_as"] == "sent"
    assert mailbox.mails == []


async def test_a_notice_that_hours_have_overtaken_waits_for_the_next_opening(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need())
    opening = in_two_days()
    await desk.adopt(policy(MIRA, hours=closed(opening)))
    async with desk.outbox(SmtpChannel(smtp)):

        async def postponed() -> list[dict[str, Any]]:
            return [row for row in await desk.notices() if row["wait"] > timedelta(hours=1)]

        (row,) = await until_async(postponed)
    assert (row["due"].hour, row["due"].weekday()) == (10, opening.weekday())
    assert (row["tries"], mailbox.mails) == (0, [])


async def test_a_notice_to_somebody_on_leave_waits_for_its_end(desk: Desk, smtp: SmtpSettings) -> None:
    today = datetime.now(UTC).date()
    leave = Leave(first=str(today - timedelta(days=1)), last=str(today + timedelta(days=3)))
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need())
    await desk.adopt(everybody(replace(MIRA, leave=(leave,))))
    async with desk.outbox(SmtpChannel(smtp)):

        async def postponed() -> bool:
            return any(row["wait"] > timedelta(days=2) for row in await desk.notices())

        await until_async(postponed)


async def test_a_touch_that_moved_on_is_not_noticed(desk: Desk, mailbox: Mailbox, smtp: SmtpSettings) -> None:
    await desk.adopt(everybody(MIRA, JONAS))
    await desk.raise_need(need("t-1"))
    await desk.settle("t-1", "jonas")
    await desk.raise_need(need("t-2"))
    await desk.release("t-2", "mira")  # to jonas
    async with desk.outbox(SmtpChannel(smtp)):
        rows = await ended(desk, 3)
    found = [(row["touch"], row["responder"], row["ended_as"]) for row in rows]
    assert found == [
        ("t-1", "jonas", "no longer theirs"),
        ("t-2", "mira", "no longer theirs"),
        ("t-2", "jonas", "sent"),
    ]
    assert mailbox.recipients == ["jonas@example.org"]


async def test_a_refused_mail_is_tried_again_after_growing_waits_and_holds_up_no_other(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.adopt(everybody(MIRA))
    before = datetime.now(UTC)
    await desk.raise_need(need("t-1"))
    mailbox.answer = "451 later"
    async with desk.outbox(SmtpChannel(smtp)):
        for tries in range(1, 4):

            async def tried(tries: int = tries) -> list[dict[str, Any]]:
                return [row for row in await desk.notices() if row["tries"] == tries and row["last_error"]]

            (row,) = await until_async(tried)
            assert "451" in row["last_error"]
            wait = timedelta(seconds=5 * 2 ** (tries - 1))
            assert before + wait <= row["due"] <= datetime.now(UTC) + wait
            before = datetime.now(UTC)
            await desk.make_due()
        mailbox.answer = "250 OK"
        await desk.raise_need(need("t-2"))
        await desk.make_due()
        await ended(desk, 2)
    assert len(mailbox.mails) == 2


async def test_what_cannot_be_put_into_a_mail_holds_up_no_other(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.adopt(everybody(replace(MIRA, email="mira\x00@example.org"), JONAS))
    for number in range(2):
        await desk.raise_need(need(f"t-{number}"))
    async with desk.outbox(SmtpChannel(smtp)):
        await until_async(lambda: mailbox.mails)

        async def failed() -> bool:
            return any(row["last_error"] for row in await desk.notices())

        await until_async(failed)
    assert mailbox.recipients == ["jonas@example.org"]


async def test_a_mail_server_that_hangs_delays_only_its_own_notices(desk: Desk) -> None:
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: held.append(writer), "127.0.0.1", 0)
    await desk.adopt(everybody(MIRA))
    try:
        async with desk.outbox(LOG, SmtpChannel(settings(server.sockets[0].getsockname()[1]))):
            for number in range(3):
                await desk.raise_need(need(f"t-{number}"))
                await ended(desk, number + 1, "log")
            await until_async(lambda: held)
            assert [row["ended_as"] for row in await desk.notices()] == [None, None, None]
    finally:
        for writer in held:
            writer.close()
        server.close()


async def test_a_mail_server_that_is_down_is_tried_again_and_nothing_is_missed(desk: Desk, mailbox: Mailbox) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need())

    async def failed() -> bool:
        return any(row["last_error"] for row in await desk.notices())

    with contextlib.closing(MailServer(mailbox)) as server:
        async with desk.outbox(LOG, SmtpChannel(settings(server.port))):
            await ended(desk, 1, "log")
            await until_async(failed)
            server.start()
            await desk.make_due()
            await ended(desk, 1)
    assert len(mailbox.mails) == 1


class Dies(SmtpChannel):
    """Sends, or does not, and is then heard of no more, as a process that is killed."""

    def __init__(self, settings: SmtpSettings, *, after_sending: bool) -> None:
        super().__init__(settings)
        self._after_sending = after_sending
        self.dead = asyncio.Event()

    async def send(self, recipient: Recipient, notice: Notice) -> None:
        if self._after_sending:
            await super().send(recipient, notice)
        self.dead.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(("after_sending", "mails"), [(True, 2), (False, 1)])
async def test_a_crash_between_sending_and_recording_sends_once_more_and_never_less(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings, after_sending: bool, mails: int
) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need())
    dies = Dies(smtp, after_sending=after_sending)
    async with desk.outbox(dies):
        await dies.dead.wait()
    await desk.make_due()
    async with desk.outbox(SmtpChannel(smtp)):
        await ended(desk, 1)
        await desk.raise_need(need("t-2"))
        await ended(desk, 2)
    assert len(mailbox.mails) == mails + 1
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 2, "sent twice, it is the same mail"


class Deaf(SmtpChannel):
    """Swallows a cancellation, as aiosmtplib does when the server's answer comes in the same moment (Python 3.11)."""

    def __init__(self, settings: SmtpSettings) -> None:
        super().__init__(settings)
        self.sending = asyncio.Event()

    async def send(self, _recipient: Recipient, _notice: Notice) -> None:
        self.sending.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def test_a_hand_over_in_the_middle_of_a_mail_comes_to_its_end(desk: Desk, smtp: SmtpSettings) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need())
    deaf = Deaf(smtp)
    async with asyncio.timeout(60), desk.outbox(deaf):
        await deaf.sending.wait()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("notices")]


class HangsAt(LogChannel):
    """Is quick with every notice but one."""

    def __init__(self, touch: str) -> None:
        self._touch = touch
        self.hangs = asyncio.Event()

    async def send(self, _recipient: Recipient, notice: Notice) -> None:
        if notice.touch == self._touch:
            self.hangs.set()
            await asyncio.Event().wait()


async def test_what_was_sent_together_with_one_that_hangs_is_recorded_at_a_hand_over(desk: Desk) -> None:
    await desk.adopt(everybody(MIRA))
    touches = [f"t-{number}" for number in range(8)]
    for touch in touches:
        await desk.raise_need(need(touch))
    hangs = HangsAt("t-6")
    async with desk.outbox(hangs):
        await hangs.hangs.wait()
    sent = {row["touch"]: row["ended_as"] for row in await desk.notices("log")}
    assert sent == {**dict.fromkeys(touches[:6], "sent"), "t-6": None, "t-7": None}


async def test_a_mail_whose_sending_cannot_be_recorded_is_not_sent_over_and_over(
    desk: Desk, mailbox: Mailbox, smtp: SmtpSettings
) -> None:
    await desk.query(
        "CREATE FUNCTION notifier.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$"
    )
    await desk.query(
        "CREATE TRIGGER refuse BEFORE UPDATE ON notifier.notices FOR EACH ROW "
        "WHEN (NEW.ended_at IS NOT NULL AND NEW.touch = 't-1') EXECUTE FUNCTION notifier.refuse()"
    )
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need("t-1"))
    async with desk.outbox(SmtpChannel(smtp)):
        await until_async(lambda: mailbox.mails)
        await desk.raise_need(need("t-2"))
        await ended(desk, 1)
    told = [mail.get_payload().split("/")[-1].strip() for mail in mailbox.mails]
    assert told.count("t-2") == 1
    assert told.count("t-1") <= 2, "once more after five seconds, where the other took so long"


async def test_who_has_lost_the_lease_makes_no_notices(desk: Desk) -> None:
    await desk.adopt(everybody(MIRA))
    await desk.raise_need(need())
    await desk.query("UPDATE notifier.shards SET epoch = epoch + 1")
    tasks = asyncio.all_tasks()
    async with desk.outbox():
        (follower,) = asyncio.all_tasks() - tasks
        await asyncio.wait_for(follower, 60)
    assert await desk.query("SELECT * FROM notifier.notice_cursors") == []


async def test_what_tells_nobody_anything_is_passed_over_for_good(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_PASSED", 5)
    opening = in_two_days()
    await desk.adopt(policy(MIRA, hours=closed(opening)))
    for number in range(3):
        await desk.raise_need(need(f"held-{number}"))

    async def at_the_head() -> bool:
        rows = await desk.query("SELECT position FROM notifier.notice_cursors")
        return [row["position"] for row in rows] == [desk.store.head()]

    async with desk.outbox(LOG):
        await until_async(at_the_head)
        assert await desk.notices("log") == []
        await desk.adopt(everybody(MIRA))
        await desk.raise_need(need("t-1"))
        assert "t-1" in {row["touch"] for row in await ended(desk, 1, "log")}


async def test_a_line_is_read_page_by_page(desk: Desk) -> None:
    await desk.adopt(everybody())
    for number, waited in enumerate((3, 1, 2, 3, 3)):
        await desk.raise_need(need(f"t-{number}", since=need().since - timedelta(hours=waited)))
    line = "unserved:harbour"
    whole = desk.store.waiting(line, 10)
    assert [place.stream[-1] for place in whole] == ["0", "3", "4", "2", "1"]
    first = desk.store.waiting(line, 2)
    second = desk.store.waiting(line, 2, first[-1])
    assert first + second + desk.store.waiting(line, 2, second[-1]) == whole
