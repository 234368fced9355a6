"""The alarms at the desk and in the API: a banner on every page, and a page that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from services.projections import audit_watch
from shared.contracts.audit import Alarm, PartSaid
from tests.projections.making import ADA_KEY
from tests.projections.serving import Desk
from tests.projections.test_desk import visitor
from tests.projections.test_desk_in_browser import FAINT_TEXT, browser, enter, page

__all__ = ["browser", "page"]

LOST = Alarm(
    name="stream-missing",
    since=datetime.now(UTC) - timedelta(hours=40.5),
    wrong="TOUCHES is gone",
    mend="Run: warmline provision. It creates what is missing.",
)
STILL = Alarm(
    name="reader-still",
    since=datetime.now(UTC) - timedelta(hours=39.5),
    wrong="notifier 2 has stood at 118 of TOUCHES for 2,340 s, 3 behind",
    mend="Look into the service's log for what it waits for.",
)
UNWELL = (
    PartSaid(name="NATS", well=True, says="answers"),
    PartSaid(name="TOUCHES", well=False, says="stream not found"),
    PartSaid(name="dead letters", well=False, says="3 of triage, the oldest for 2 h. See: warmline dead list"),
)


async def test_while_all_is_well_no_page_has_a_banner_and_health_says_so(desk: Desk, told: Any) -> None:
    await desk.audited()
    async with visitor(desk, "") as reader:
        for path in ("/", f"/touches/{told.question.touch}", "/health"):
            assert "not well" not in (await reader.get(path)).text
        shown = (await reader.get("/health")).text
        assert "All is well." in shown
        assert "everything could be processed" in shown
        assert 'href="/health"' in (await reader.get("/")).text


async def test_an_alarm_stands_on_every_page_and_health_says_what_to_do(desk: Desk, told: Any) -> None:
    await desk.audited(LOST, STILL, parts=UNWELL, dead_letters=3)
    async with visitor(desk, "") as reader:
        for path in (
            "/",
            f"/touches/{told.question.touch}",
            f"/members/{ADA_KEY}",
            "/who",
            "/health",
            "/touches/t-none",
        ):
            assert "<b>Warmline is not well:</b> stream missing, reader still." in (await reader.get(path)).text, path
        shown = (await reader.get("/health")).text
        for words in ("2 alarms stand", "TOUCHES is gone", "Run: warmline provision", "3 of triage", "1 day"):
            assert words in shown


async def test_a_silent_auditor_is_said_on_every_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.audited()
    monkeypatch.setattr(audit_watch, "_PATIENCE_SECONDS", -1.0)
    async with visitor(desk, "") as reader:
        assert "its auditor does not answer" in (await reader.get("/")).text
        assert "The auditor is silent" in (await reader.get("/health")).text
    answer = await desk.api.get("/api/v1/alarms")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_who_has_not_signed_in_learns_nothing(desk: Desk) -> None:
    await desk.audited(LOST)
    async with visitor(desk) as stranger:
        for path in ("/health", "/login"):
            shown = await stranger.get(path)
            assert shown.url.path == "/login"
            assert "stream" not in shown.text
        assert (await stranger.get("/api/v1/alarms")).status_code == 401


async def test_the_api_gives_the_report(desk: Desk) -> None:
    await desk.audited(LOST, parts=UNWELL, dead_letters=3)
    report = (await desk.api.get("/api/v1/alarms")).json()
    assert [alarm["name"] for alarm in report["alarms"]] == ["stream-missing"]
    assert report["alarms"][0]["mend"] == LOST.mend
    assert (report["complete"], report["dead_letters"], report["parts"][1]["well"]) == (True, 3, False)
    document = (await desk.api.get("/schema/openapi.json")).json()
    assert "AuditReport" in str(document["paths"]["/api/v1/alarms"]["get"]["responses"]["200"])


@pytest.mark.ops("browser")
async def test_the_banner_comes_and_goes_on_an_open_page(desk: Desk, page: Any) -> None:
    await desk.audited(LOST)
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("stream missing", timeout=10_000)
    await banner.get_by_role("link").click()
    await expect(page.get_by_role("heading", name="Stream missing")).to_be_visible()
    await desk.audited()
    await expect(page.get_by_text("All is well.")).to_be_visible(timeout=10_000)
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.ops("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_and_can_be_read(desk: Desk, told: Any, browser: Any, scheme: Any) -> None:
    await desk.audited(LOST, STILL, parts=UNWELL, dead_letters=3)
    context = await browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    phone = await context.new_page()
    await enter(desk, phone)
    for path in ("/", "/health"):
        await phone.goto(desk.url + path)
        assert await phone.evaluate("document.documentElement.scrollWidth") <= 390
        assert await phone.evaluate(FAINT_TEXT) == []
