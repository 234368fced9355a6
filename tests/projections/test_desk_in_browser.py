"""The desk in a real browser: the three actions, live pages, a phone, the dark, and no script at all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from services.projections.queue.view import QueueView
from shared.contracts.touch_facts import TouchClaimed, TouchEscalated, TouchWithdrawn
from tests.machine_needs import CHROMIUM
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import ADA_KEY
from tests.projections.serving import TOKEN, Desk

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
pytestmark = pytest.mark.ops("browser")


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def enter(desk: Desk, page: Page, name: str = "Mira Okafor") -> None:
    await page.goto(f"{desk.url}/")
    await page.get_by_label("Administrator's token").fill(TOKEN)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("radio", name=re.compile(name)).check()
    await page.get_by_role("button", name="Go to the queue").click()
    await expect(page.get_by_role("heading", name="Who needs a human")).to_be_visible()


@pytest_asyncio.fixture
async def page(desk: Desk, told: Any, browser: Browser) -> AsyncIterator[Page]:
    """A signed-in page of Mira's; any error in its console fails the test."""
    page = await browser.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await enter(desk, page)
    yield page
    assert errors == []


async def test_a_touch_is_claimed_settled_and_gone_from_the_queue(desk, told, owner, page):
    await page.get_by_role("link", name="Ada Lindqvist").click()
    await expect(page.get_by_text("This one is for you")).to_be_visible()
    await expect(page.get_by_text("The maintainers' channel")).to_be_visible()
    await page.get_by_role("button", name="Claim it").click()
    await expect(page.get_by_text("You have taken this on.")).to_be_visible()
    await page.get_by_label("How did it end?").select_option("reached")
    await page.get_by_role("button", name="Settle").click()
    await expect(page.get_by_text("Settled by Mira Okafor: they were reached.")).to_be_visible()
    await page.get_by_role("link", name="← The queue").click()
    await expect(page.get_by_role("link", name="Lena Fischer")).to_be_visible()
    await expect(page.get_by_role("link", name="Ada Lindqvist")).to_have_count(0)
    assert [type(command).__name__ for command in owner.seen] == ["ClaimTouch", "SettleTouch"]
    assert {command.responder for command in owner.seen} == {"mira"}


async def test_a_touch_is_given_back(desk, told, owner, page):
    await page.goto(f"{desk.url}/touches/{told.claimed.touch}")
    await page.get_by_role("button", name="Give it back").click()
    await expect(page.get_by_text("Somebody is being looked for.")).to_be_visible()


async def test_the_queue_follows_what_happens_without_a_reload(desk, told, page):
    await page.evaluate("window.same = true")
    facts = making.facts()
    facts.next = 500
    gone = making.fact(TouchWithdrawn, told.held.touch, 2, cause="answered by a peer")
    await fold(desk.connection, QueueView(), [facts.add(gone)])
    await expect(page.get_by_role("link", name="Lena Fischer")).to_have_count(0)
    await expect(page.get_by_text("4 waiting")).to_be_visible()
    assert await page.evaluate("window.same") is True


async def test_a_live_touch_keeps_what_is_chosen_and_focused(desk, told, page):
    await page.goto(f"{desk.url}/touches/{told.claimed.touch}")
    outcome = page.get_by_label("How did it end?")
    await outcome.select_option("referred")
    await outcome.focus()
    facts = making.facts()
    facts.next = 500
    again = making.fact(TouchClaimed, told.claimed.touch, 3, responder="mira")
    await fold(desk.connection, QueueView(), [facts.add(again)])
    revision = page.locator(".settle input[name=revision]")
    await expect(revision).to_have_value("3")
    await expect(outcome).to_have_value("referred")
    await expect(outcome).to_be_focused()


async def test_filters_narrow_the_queue_at_once(page):
    await page.get_by_label("State").select_option("held")
    await expect(page.get_by_role("link", name="Lena Fischer")).to_be_visible()
    await expect(page.get_by_role("link", name="Ada Lindqvist")).to_have_count(0)
    await page.get_by_label("State").select_option("settled")
    await expect(page.get_by_text("Nobody here fits these filters.")).to_be_visible()


async def test_the_keyboard_reaches_a_touch_and_sees_where_it_is(page):
    link = page.get_by_role("link", name="Tomás Rey")
    await link.focus()
    outline = await link.evaluate("(a) => getComputedStyle(a.closest('.need')).outlineStyle")
    assert outline != "none"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Tomás Rey", exact=True)).to_be_visible()


async def test_times_are_shown_in_the_viewers_zone(desk, told, browser):
    context = await browser.new_context(timezone_id="Asia/Tokyo")
    page = await context.new_page()
    await enter(desk, page)
    await expect(page.locator("time").first).to_have_attribute("title", re.compile("GMT\\+9"))


async def test_everything_works_without_script(desk, told, owner, browser):
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await enter(desk, page)
    await expect(page.locator("time").first).to_have_attribute("title", re.compile("UTC"))
    await page.get_by_label("Reason").select_option("welcome")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".need")).to_have_count(2)
    await page.get_by_role("link", name="Bo Achterberg").click()
    await page.get_by_role("button", name="Claim it from Jonas Weber").click()
    await expect(page.get_by_text("You have taken this on.")).to_be_visible()


async def escalate(desk: Desk, *touches: str) -> None:
    facts = making.facts()
    facts.next = 700
    told = {"cause": "nobody-claimed", "responder": None}
    for touch in touches:
        await fold(desk.connection, QueueView(), [facts.add(making.fact(TouchEscalated, touch, 3, **told))])


async def test_the_alarm_appears_and_goes_by_itself(desk, told, owner, page):
    await expect(page.get_by_role("heading", name="Nobody acts on this")).to_have_count(0)
    await escalate(desk, told.question.touch)
    await expect(page.get_by_role("heading", name="Nobody acts on this")).to_be_visible()
    await page.get_by_role("region", name="Nobody acts on this").get_by_role("link", name="Ada").click()
    await page.get_by_role("button", name="Claim it").click()
    await expect(page.get_by_text("You have taken this on.")).to_be_visible()
    await page.get_by_role("link", name="← The queue").click()
    await expect(page.get_by_role("heading", name="Nobody acts on this")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_fit_a_phone_and_their_text_can_be_read(desk, told, browser, scheme):
    await escalate(desk, told.question.touch, told.held.touch)
    context = await browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    page = await context.new_page()
    await enter(desk, page)
    for path in ("/", f"/touches/{told.question.touch}", f"/touches/{told.held.touch}", f"/members/{ADA_KEY}", "/who"):
        await page.goto(desk.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.evaluate("document.querySelector('.me .quiet-link').getBoundingClientRect().height") < 44
        assert await page.evaluate(FAINT_TEXT) == []


FAINT_TEXT = """() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parts(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${element.textContent.trim().slice(0, 40)}`);
  }
  return faint;
}"""
