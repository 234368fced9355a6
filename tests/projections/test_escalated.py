"""A touch that nobody claims, in the view, in the API and at the desk."""

from __future__ import annotations

from typing import Any

import pytest

from services.projections.queue.view import QueueView
from shared.contracts.touch_facts import (
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchPassedOn,
    TouchReminded,
    TouchWithdrawn,
)
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import NOON
from tests.projections.serving import Desk
from tests.projections.test_desk import visitor


async def tell(desk: Desk, *facts: Any) -> None:
    stream = making.facts()
    stream.next = 500
    await fold(desk.connection, QueueView(), [stream.add(fact) for fact in facts])


def unclaimed(touch: str) -> list[Any]:
    """Passed on from Mira to Jonas, and escalated."""
    return [
        making.fact(TouchReminded, touch, 2, NOON, responder="mira", to="responder"),
        making.fact(TouchPassedOn, touch, 3, NOON, responder="mira"),
        making.fact(TouchAssigned, touch, 4, NOON, responder="jonas", care_load=2, why=()),
        making.fact(TouchEscalated, touch, 5, NOON, cause="nobody-claimed", responder="mira"),
        making.fact(TouchReminded, touch, 6, NOON, responder=None, to="emergency-contact"),
    ]


async def test_the_api_marks_it_until_somebody_claims_it(desk, told):
    touch = told.question.touch
    await tell(desk, *unclaimed(touch))
    (item,) = (await desk.api.get("/api/v1/queue", params={"escalated": "true"})).json()["items"]
    assert item["id"] == touch
    assert item["escalated"] == {"at": "2026-11-20T12:00:00Z", "cause": "nobody-claimed"}
    assert (item["state"], item["responder"]["name"]) == ("assigned", "jonas")
    others = (await desk.api.get("/api/v1/queue", params={"escalated": "false"})).json()["items"]
    everything = (await desk.api.get("/api/v1/queue")).json()["items"]
    assert len(everything) == len(others) + 1
    assert {one["escalated"] for one in others} == {None}
    await tell(desk, making.fact(TouchClaimed, touch, 7, NOON, responder="mira"))
    assert (await desk.api.get(f"/api/v1/touches/{touch}")).json()["escalated"] is None
    assert (await desk.api.get("/api/v1/queue", params={"escalated": "true"})).json()["items"] == []


async def test_the_desk_shows_a_banner_and_the_story(desk, told):
    touch = told.question.touch
    async with visitor(desk, "harbour/jonas") as browser:
        assert "Nobody acts" not in (await browser.get("/")).text
        held = making.fact(TouchEscalated, told.held.touch, 2, NOON, cause="held-too-long", responder=None)
        await tell(desk, *unclaimed(touch), held)
        queue = (await browser.get("/")).text
        assert "Nobody acts on these 2" in queue
        assert "nobody who was asked has claimed it" in queue
        assert "held for too long, as nobody could be asked" in queue
        page = (await browser.get(f"/touches/{touch}")).text
        for words in (
            "Mira Okafor was reminded",
            "Mira Okafor did not take it: passed on",
            "Assigned to you",
            "Escalated: nobody who was asked has claimed it; Mira Okafor was told",
            "The emergency contact was reminded",
            "Whoever can, please claim it.",
        ):
            assert words in page
        await tell(
            desk,
            making.fact(TouchClaimed, touch, 7, NOON, responder="jonas"),
            making.fact(TouchWithdrawn, told.held.touch, 3, NOON, cause="member-left"),
        )
        assert "Nobody acts" not in (await browser.get("/")).text
        assert "Whoever can" not in (await browser.get(f"/touches/{touch}")).text


async def test_many_are_named_in_part_and_listed_in_full(desk, told):
    needs = making.touches()
    needs.next = 500
    raised = [needs.add(making.need(about=f"c-many-{number}")) for number in range(7)]
    await fold(desk.connection, QueueView(), raised)
    escalated = [
        making.fact(TouchEscalated, one.event.touch, 1, NOON, cause="held-too-long", responder=None) for one in raised
    ]
    await tell(desk, *escalated)
    async with visitor(desk, "harbour/jonas") as browser:
        page = (await browser.get("/")).text
        assert "Nobody acts on these 7" in page
        assert page.count("held for too long, as nobody could be asked") == 5
        assert "All 7 of them" in page
        listed = (await browser.get("/", params={"escalated": "yes"})).text
        assert listed.count('class="need-who"') == 7


@pytest.mark.parametrize("seat", ["harbour/mira"])
async def test_nobody_is_alarmed_about_themselves(desk, told, seat):
    fact = making.fact(TouchEscalated, told.about_mira.touch, 2, NOON, cause="held-too-long", responder=None)
    await tell(desk, fact)
    async with visitor(desk, seat) as browser:
        assert "Nobody acts" not in (await browser.get("/")).text
