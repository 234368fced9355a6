"""Archives written after RFC 4155 (mbox), RFC 5322 and the archives of Mailman's pipermail."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.archive import ArchiveFile
from infra.importing.mbox import MboxArchive
from infra.importing.reading import Piece
from services.ingest.platforms.mailing_list import member_id
from shared.contracts.member_events import Posted
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export


def mail(number: int, *headers: str, sender: str = "Ada Byron <ada@example.org>", body: str = "Hello.\n") -> str:
    return "\n".join(
        (
            f"From ada@example.org  Fri Nov 20 08:{number:02}:00 2026",
            f"From: {sender}",
            f"Date: Fri, 20 Nov 2026 09:{number:02}:00 +0100",
            f"Message-ID: <m{number}@mail.example.org>",
            *headers,
            "",
            body,
            "",
        )
    )


def read(*mails: str | bytes, key: str = "secret") -> ReadExport:
    body = b"".join(each if isinstance(each, bytes) else each.encode() for each in mails)
    return read_export(MboxArchive(key=key), {"lists/help.mbox": body})


def test_a_message_becomes_a_post_of_somebody_whose_address_nobody_sees() -> None:
    result = read(
        mail(1, "Subject: =?utf-8?q?Zur=C3=BCcksetzen=3F?=", "List-Id: Help for all <help.lists.example.org>")
    )
    (found,) = result.found
    post = found.fact.data
    assert isinstance(post, Posted)
    assert found.place == "message 1"
    assert found.fact.time.isoformat() == "2026-11-20T08:01:00+00:00"
    assert (post.text, post.channel, post.member.name) == ("Zurücksetzen?\n\nHello.", "Help for all", "Ada Byron")
    assert (post.audience, post.reply_to) == ("members", None)
    assert post.member.id.startswith("e-")
    assert "example.org" not in repr(found.fact)


def test_one_address_is_one_member_and_nobody_without_the_key_can_guess_it() -> None:
    senders = ("Ada <ada@example.org>", "Byron <ADA@example.org>", "ada at example.org (Ada Byron)", "bo@example.org")
    posts = read(*(mail(number, sender=sender) for number, sender in enumerate(senders))).data
    assert len({post.member.id for post in posts[:3]}) == 1
    assert posts[3].member.id != posts[0].member.id
    assert read(mail(1), key="another").data[0].member.id != posts[0].member.id
    assert [post.member.name for post in posts] == ["Ada", "Byron", "Ada Byron", None]


def test_a_name_may_be_encoded_and_an_address_never() -> None:
    mails = read(
        mail(1, sender="=?iso-8859-1?Q?M=FCller=2C_J=FCrgen?= <jm@example.org>"),
        mail(2, sender="jm@example.org"),
        mail(3, sender="=?utf-8?q?Ada_=3Cada=40example=2Eorg=3E=2C?= <eve@example.org>"),
        mail(4, sender="ada@example.org"),
    ).data
    jm, same, eve, ada = (post.member for post in mails)
    assert (jm.id, jm.name) == (same.id, "Müller, Jürgen")
    assert (eve.id, eve.name) == (member_id("eve@example.org", "secret"), None)
    assert ada.id == member_id("ada@example.org", "secret")


@pytest.mark.parametrize(
    ("sender", "headers", "who", "name"),
    [
        ("Ada via Help <help@lists.example.org>", ("Reply-To: ada@example.org",), "ada@example.org", "Ada"),
        (
            "\"'Ada' via Help\" <help@lists.example.org>",
            ("Reply-To: help@lists.example.org", "X-Original-From: Ada B. <ada@example.org>"),
            "ada@example.org",
            "Ada B.",
        ),
        (
            "help@lists.example.org",
            ("Reply-To: Help <help@lists.example.org>, Ada <ada@example.org>", "List-Id: <help.lists.example.org>"),
            "ada@example.org",
            "Ada",
        ),
        ("Ada <ada@example.org>", ("Reply-To: bo@example.org",), "ada@example.org", "Ada"),
        ("Help <help@lists.example.org>", (), "help@lists.example.org", "Help"),
    ],
)
def test_where_the_list_stands_in_from_another_header_says_who_wrote(
    sender: str, headers: tuple[str, ...], who: str, name: str
) -> None:
    (post,) = read(mail(1, "List-Post: <mailto:help@lists.example.org>", *headers, sender=sender)).data
    assert (post.member.id, post.member.name) == (member_id(who, "secret"), name)


@pytest.mark.parametrize("form", ["{} via Help <help@lists.example.org>", "help at lists.example.org ({} via Help)"])
def test_where_no_header_says_who_wrote_people_are_told_apart_by_their_names(form: str) -> None:
    senders = (form.format("Ada"), form.format("Bo"), form.format("Ada"))
    ada, bo, again = (post.member for post in read(*(mail(n, sender=who) for n, who in enumerate(senders))).data)
    assert (ada.id == again.id, ada.id == bo.id) == (True, False)
    assert [ada.name, bo.name] == ["Ada", "Bo"]


def test_without_an_id_a_message_is_known_by_what_tells_nothing_of_its_address() -> None:
    bare = mail(1).replace("Message-ID: <m1@mail.example.org>\n", "")
    (mine,), (same,), (theirs,) = (read(bare, key=key).data for key in ("secret", "secret", "another"))
    assert (mine.message, mine.message != theirs.message) == (same.message, True)


def test_a_line_that_only_begins_as_a_separator_costs_no_time() -> None:
    began = time.process_time()
    assert read("From x " + "12:34 " * 10_000 + "\n\n", mail(1)).found
    assert time.process_time() - began < 1


def test_a_thread_is_one_conversation() -> None:
    question, answer, thanks, other = read(
        mail(1, "Subject: How?"),
        mail(2, "Subject: Re: How?", "In-Reply-To: <m1@mail.example.org>"),
        mail(3, "In-Reply-To: <m2@mail.example.org>", "References: <m1@mail.example.org>\n <m2@mail.example.org>"),
        mail(4, "Subject: Else"),
    ).data
    assert len({post.conversation for post in (question, answer, thanks)}) == 1
    assert other.conversation != question.conversation
    assert (answer.reply_to, thanks.reply_to) == (question.message, answer.message)
    assert answer.text == "Hello."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("write to bo@example.org, please", "write to [address], please"),
        ("On Friday, Ada <ada at example.org> wrote:\n> hi", "On Friday, Ada <[address]> wrote:\n> hi"),
        ("look at example.org", "look at example.org"),
        ("On Friday, ada at example.org wrote:\n> hi", "On Friday, [address] wrote:\n> hi"),
        ("Am Freitag schrieb ada at example.org:\n> hi", "Am Freitag schrieb [address]:\n> hi"),
        ("Ada [mailto:bob at example.com] said", "Ada [[address]] said"),
        ("> From: bob at example.com", "> From: [address]"),
        ("bob at example.com (Bob)", "[address] (Bob)"),
        ("an анна@почта.рф, राम@उदाहरण.भारत", "an [address], [address]"),
        ("https://example.org/@ada.byron, pkg@1.2.3", "https://example.org/@ada.byron, pkg@1.2.3"),
        (">From here on", "From here on"),
    ],
)
def test_addresses_in_a_text_are_left_out(body: str, text: str) -> None:
    (post,) = read(mail(1, body=body)).data
    assert post.text == text


def test_of_several_parts_the_plain_text_is_read_and_else_the_html() -> None:
    def parts(*bodies: str) -> str:
        return "".join(f"--x\nContent-Type: {body}\n" for body in bodies) + "--x--\n"

    kind = 'Content-Type: multipart/alternative; boundary="x"'
    both = parts(
        "text/html\n\n<p>html</p>", "text/plain; charset=latin-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9"
    )
    only = parts("text/html\n\n<p>one <b>two</b></p>")
    file = parts('text/plain\nContent-Disposition: attachment; filename="a.txt"\n\nsecret')
    posts = read(mail(1, kind, body=both), mail(2, kind, body=only), mail(3, kind, body=file)).data
    assert [post.text for post in posts] == ["café", "one two", ""]


def test_what_a_machine_sent_is_marked() -> None:
    posts = read(mail(1, "Auto-Submitted: auto-generated"), mail(2, "Auto-Submitted: no"), mail(3)).data
    assert [post.member.bot for post in posts] == [True, False, False]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ("From: nobody\nDate: Fri, 20 Nov 2026 09:00:00 +0100", "From holds no address"),
        ("Date: Fri, 20 Nov 2026 09:00:00 +0100", "From holds no address"),
        ("From: ada@example.org\nDate: soon", "Date is no time"),
        ("From: ada@example.org", "Date is no time"),
    ],
)
def test_what_cannot_be_read_is_skipped_with_its_place_and_the_rest_is_read(headers: str, why: str) -> None:
    result = read(f"From x  Fri Nov 20 08:00:00 2026\n{headers}\n\nbody\n\n", mail(2))
    assert result.why == {"lists/help.mbox, message 1": why}
    assert len(result.found) == 1


def test_another_file_is_named_as_such() -> None:
    assert read("no mail\n").why == {"lists/help.mbox": "no From line begins it: not an mbox file"}


def test_a_long_archive_is_cut_into_pieces_that_are_known_again() -> None:
    archive = "".join(
        mail(number % 60, f"X-Number: {number}", body="x" * 900 + "\n") for number in range(3_000)
    ).encode()

    def as_it_is(stream: IO[bytes]) -> io.BufferedIOBase:
        assert isinstance(stream, io.BytesIO)
        return stream

    def pieces(body: bytes) -> Sequence[Piece]:
        file = ArchiveFile(path="help.mbox", size=len(body), packed=lambda: io.BytesIO(body), unpacked=as_it_is)
        return [piece for piece in MboxArchive(key="k").reader({})(file) if isinstance(piece, Piece)]

    before, grown = pieces(archive), pieces(archive + mail(1).encode())
    assert len(before) == 4
    assert sum(piece.size for piece in before) == len(archive)
    assert [piece.id for piece in grown[:3]] == [piece.id for piece in before[:3]]


lines = st.sampled_from(
    [
        "From x  Fri Nov 20 08:00:00 2026",
        "",
        "From: a@b.org",
        "Date: Fri, 20 Nov 2026 09:00:00 +0100",
        "Subject: =?utf-8?b?",
        "Content-Type: multipart/x; boundary=b",
        "--b",
    ]
)


@given(st.lists(lines | st.text(), max_size=30))
def test_nothing_crashes_the_reader(written: list[str]) -> None:
    read("From x  Fri Nov 20 08:00:00 2026\n" + "\n".join(written).encode("utf-8", "replace").decode())
