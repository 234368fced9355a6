"""Who may do what on NATS: one user for each service, with no more than it needs.

``python -m infra.nats_users`` writes it as the servers' configuration, infra/nats/users.conf.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from shared.contracts.redaction import REDACT, TEXTS_INBOX
from shared.contracts.subjects import INGEST_TAKEN, MEMBER_EVENTS, TOUCH_FACTS, TOUCHES, member_command_subject
from shared.nats_address import NatsAddress

OPERATOR: Final = "operator"
INTEGRATOR: Final = "integrator"
USERS_FILE: Final = Path(__file__).parent / "nats" / "users.conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsUser:
    """A user and the subjects it may publish to and subscribe to, its own inbox besides.

    ``answers``: it may publish one answer to each request that it receives, wherever that asks for it. The server then
    remembers of every message that is delivered to it where an answer might go: not for whoever reads every event.
    """

    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...] = ()
    answers: bool = False

    @property
    def password_variable(self) -> str:
        """The variable of the server's environment that holds the password."""
        return f"WARMLINE_NATS_{self.name.upper()}_PASSWORD"


def _sees(*streams: str) -> tuple[str, ...]:
    """Return what lets a user ask how the streams are."""
    return "$JS.API.INFO", *(f"$JS.API.STREAM.INFO.{stream}" for stream in streams)


def _reads(*streams: str) -> tuple[str, ...]:
    """Return what lets a user read the streams by consumers without acknowledgements."""
    return _sees(*streams) + tuple(
        f"$JS.API.{verb}"
        for stream in streams
        for verb in (
            f"STREAM.MSG.GET.{stream}",
            f"CONSUMER.CREATE.{stream}",
            f"CONSUMER.CREATE.{stream}.>",
            f"CONSUMER.INFO.{stream}.*",
            f"CONSUMER.MSG.NEXT.{stream}.*",
            f"CONSUMER.DELETE.{stream}.*",
        )
    )


USERS: Final = (
    NatsUser(
        name="ingest",
        publish=(
            "p.*.member.>",
            INGEST_TAKEN,
            *_sees(MEMBER_EVENTS),
            # Of what it has stored it may read the policies only, and nothing that members have said; it may erase it.
            f"$JS.API.STREAM.MSG.DELETE.{MEMBER_EVENTS}",
            f"$JS.API.DIRECT.GET.{MEMBER_EVENTS}.p.*.member.*.warmline.policy-adopted",
            *_reads(TOUCH_FACTS),
        ),
        subscribe=(INGEST_TAKEN, member_command_subject("*"), REDACT),
        answers=True,
    ),
    NatsUser(
        name="triage",
        publish=("needs-touch.*.*.*", f"_INBOX_projections.{TEXTS_INBOX}.*", *_reads(MEMBER_EVENTS, TOUCHES)),
        subscribe=("command.texts.*",),
    ),
    NatsUser(
        name="notifier",
        publish=("touch.*.*", *_reads(MEMBER_EVENTS, TOUCHES, TOUCH_FACTS)),
        subscribe=("command.touch.*.*",),
        answers=True,
    ),
    NatsUser(
        name="projections",
        publish=(
            "command.touch.*.*",
            member_command_subject("*"),
            "command.texts.*",
            REDACT,
            "warmline.audit.>",
            *_reads(MEMBER_EVENTS, TOUCHES, TOUCH_FACTS),
        ),
    ),
    NatsUser(
        name="auditor",
        publish=(
            "warmline.alarm.*",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.*",
            "$JS.API.STREAM.MSG.GET.*",
            "$SYS.REQ.ACCOUNT.PING.STATZ",
        ),
        subscribe=("warmline.audit.>",),
        answers=True,
    ),
    NatsUser(
        name=INTEGRATOR,
        publish=(*_reads(TOUCHES, TOUCH_FACTS), f"$JS.ACK.{TOUCHES}.>", f"$JS.ACK.{TOUCH_FACTS}.>"),
    ),
    # Who makes and deletes the streams is held back by nothing.
    NatsUser(name=OPERATOR, publish=(">",), subscribe=(">",)),
)


def users_conf() -> str:
    """Return the users in nats.conf's notation; their passwords stand in the server's environment."""
    lines = [
        "# Who may do what. Written by `python -m infra.nats_users` from infra/nats_users.py: change it there.",
        "authorization {",
        "  users: [",
    ]
    for user in USERS:
        lines += [
            "    {",
            f"      user: {user.name}",
            f"      password: ${user.password_variable}",
            "      permissions: {",
            f"        publish: {_list(user.publish)}",
            # Its own inbox only, so that no user reads another's answers.
            f"        subscribe: {_list((f'_INBOX_{user.name}.>', *user.subscribe))}",
        ]
        if user.answers:
            lines.append('        allow_responses: { max: 1, expires: "1m" }')
        lines += ["      }", "    }"]
    return "\n".join([*lines, "  ]", "}", ""])


def _list(subjects: tuple[str, ...]) -> str:
    body = "".join(f'\n          "{subject}"' for subject in dict.fromkeys(subjects))
    return f"[{body}\n        ]"


def url_of(url: str, user: str, password: str) -> str:
    """Return ``url``, an address of NATS, as ``user`` connects to it."""
    servers = (urlsplit(server) for server in NatsAddress.of(url).servers)
    return ",".join(f"{one.scheme}://{user}:{password}@{one.hostname}:{one.port}" for one in servers)


if __name__ == "__main__":
    USERS_FILE.write_text(users_conf(), encoding="utf-8")
