"""Whoever writes to a mailing list is told to be who has the same address elsewhere, whatever the export."""

from __future__ import annotations

from infra.importing.discourse import DiscoursePosts
from infra.importing.mbox import MboxArchive
from infra.importing.slack import SlackExport
from services.ingest.platforms.reading import HookSettings
from services.projections.history.clues import clues_in
from services.projections.history.rows import history_row
from shared.contracts.cloudevents import MemberEvent, type_name
from shared.contracts.names import member_key
from tests.importing.exported import read

KEY = "k" * 32
USER = {"id": "U1", "updated": 1763625600, "profile": {"email": "Ada@Example.org"}}
MAIL = """From a  Fri Nov 20 08:15:00 2026
From: ada@example.org
Date: Fri, 20 Nov 2026 09:15:00 +0100

Hello.
"""
EXPORTS = (
    (MboxArchive(key=KEY), {"help.mbox": MAIL}),
    (SlackExport(key=KEY), {"channels.json": [], "users.json": [USER]}),
    (
        DiscoursePosts(key=KEY, settings=HookSettings(public=("*",))),
        {"users.csv": "id,username,email,created_at\n7,ada,ADA@example.org,2026-01-02 08:15:00 UTC\n"},
    ),
)


def test_the_same_address_is_the_same_clue_to_one_person() -> None:
    rows = []
    for export, files in EXPORTS:
        (fact,) = read(export, files).facts
        event = MemberEvent(
            id=fact.id,
            source=f"/{export.platform}/archive",
            type=type_name(fact.data),
            time=fact.time,
            organisation="harbour",
            community="harbour",
            platform=export.platform,
            data=fact.data,
        )
        rows.append((history_row(event, fact.data, 1, fact.id), fact.data))
    listed = rows[0][1].member.id
    clues = clues_in(rows)
    assert {(clue.kind, clue.value) for clue in clues} == {("address", listed)}
    identities = (("email", listed), ("slack", "U1"), ("discourse", "7"))
    assert {clue.member_key for clue in clues} == {member_key("harbour", *one) for one in identities}
