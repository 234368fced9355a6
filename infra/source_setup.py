"""What an operator does on each platform to connect it: the steps, and what Warmline has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a platform is connected; ``{url}`` and ``{secret}`` in ``steps`` are what is pasted there.

    ``told`` names the secret that the platform made itself, ``secrets`` several by their names. ``site`` and ``public``
    say what is asked under these names where the platform does not tell it. In a ``survey``, a hidden field holds the
    member. One that is ``polled`` sends nothing: it is asked with what it made. ``gaps`` is the format by which the
    platform can be asked for what a webhook lost, ``usual`` the one by which it is connected unless another is asked
    for.
    """

    steps: tuple[str, ...]
    told: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    site: str | None = None
    public: str | None = None
    needs_mapping: bool = False
    survey: bool = False
    polled: bool = False
    gaps: str | None = None
    usual: str | None = None


SETUPS: Final[dict[str, Setup]] = {
    "bearer": Setup(
        needs_mapping=True,
        steps=("Have the platform POST JSON to {url}", "with the header  Authorization: Bearer {secret}"),
    ),
    "circle": Setup(
        told="an Admin API token of the type Admin V2 (on Circle: Developers, Tokens)",
        polled=True,
        steps=("Nothing more is to be done on Circle: it is read every hour, or as often as --every says.",),
    ),
    "discord": Setup(
        told="the application's Public Key (General Information)",
        steps=(
            "On discord.com/developers/applications: your application, Webhooks, Endpoint URL: {url}",
            (
                "Switch Events on, and choose Entitlement Create, Update and Delete. Discord then asks whether the "
                "address listens."
            ),
            "Messages of a server come by its gateway: warmline source close-gaps.",
        ),
        gaps="discord-gateway",
        usual="discord-gateway",
    ),
    "discord-gateway": Setup(
        told="the bot's token (discord.com/developers/applications: your application, Bot, Reset Token)",
        site="the server's address as the browser shows it, such as https://discord.com/channels/290926798626357999",
        polled=True,
        steps=(
            (
                "On discord.com/developers/applications: your application, Bot, Privileged Gateway Intents: switch on "
                "Server Members Intent and Message Content Intent."
            ),
            (
                "OAuth2, URL Generator: scope bot; permissions View Channels, Read Message History and View Audit Log. "
                "Open the address that it makes, and add the bot to the server."
            ),
            "Channels that not everybody can see are read only if --private lists them, and the bot may view them.",
            "What happens arrives within a second.",
        ),
    ),
    "discourse": Setup(
        site="the forum's address, such as https://forum.example.org",
        public="the numbers of the categories that everybody can read, or * for all",
        steps=(
            "On the forum: Admin, Advanced, Webhooks, New.",
            "Payload URL: {url}",
            "Secret: {secret}",
            "Content type: application/json. Select individual events: Post, User, Like, Solved, Reviewable.",
        ),
        gaps="discourse-posts",
    ),
    "discourse-posts": Setup(
        told="an API key for a single administrator, of the scope Read-only (on the forum: Admin, API, Keys)",
        site="the forum's address, such as https://forum.example.org",
        public="the numbers of the categories that everybody can read, or * for all",
        polled=True,
        steps=("Nothing more is to be done on the forum: it is read every five minutes, or as often as --every says.",),
    ),
    "feed": Setup(
        site="the feed's own address, such as https://blog.example.org/feed.xml",
        polled=True,
        steps=("Nothing more is to be done: the feed is read every half hour, or as often as --every says.",),
    ),
    "github": Setup(
        steps=(
            "On GitHub: Settings, Webhooks, Add webhook, of the repository or the organisation.",
            "Payload URL: {url}",
            "Content type: application/json",
            "Secret: {secret}",
            (
                "Events: Issues, Issue comments, Pull requests, their reviews and review comments, Discussions and "
                "their comments; for an organisation also Organizations, Organization blocks and Sponsorships."
            ),
        ),
        gaps="github-deliveries",
    ),
    "github-deliveries": Setup(
        told="a fine-grained personal access token that may read the webhooks of the repository or the organisation",
        site="the address of the webhook's page, such as https://github.com/octocat/hello/settings/hooks/123",
        polled=True,
        steps=("Nothing more is to be done on GitHub: what failed to arrive is asked for every five minutes.",),
    ),
    "hivebrite": Setup(
        polled=True,
        site="the address of your community, such as https://acme.hivebrite.com",
        secrets={
            "client-id": "the UID of an external application (in the back office)",
            "client-secret": "its secret",
            "refresh-token": "a first refresh token, as Warmline's page on Hivebrite gets one (may be left empty)",
        },
        steps=("Nothing more is to be done on Hivebrite: it is read every ten minutes, or as often as --every says.",),
    ),
    "mastodon": Setup(
        told="the webhook's signing secret, which Mastodon shows once it is added",
        steps=(
            "On the server: Administration, Webhooks, Add endpoint: {url}",
            (
                "Events: account.approved, account.created, account.updated, report.updated, status.created, "
                "status.updated."
            ),
            "Leave the payload template empty, and enable the webhook.",
        ),
    ),
    "mattermost": Setup(
        told="the outgoing webhook's token, which Mattermost shows once it is added",
        site="the server's address, such as https://chat.example.org",
        steps=(
            "In Mattermost: Integrations, Outgoing Webhooks, Add, Content Type application/json.",
            "Channel: one whose messages are wanted; no trigger words. Callback URL: {url}",
            (
                "The token is shown when it is saved: if it is not the one that you gave here, "
                "give it with warmline source rotate-secret."
            ),
        ),
    ),
    "slack": Setup(
        told="the app's Signing Secret (Basic Information, App Credentials)",
        site="the workspace's address, such as https://acme.slack.com",
        steps=(
            (
                "On api.slack.com/apps: your app, OAuth & Permissions, Bot Token Scopes: channels:history, users:read, "
                "reactions:read; for private channels that you listed also groups:history."
            ),
            "Event Subscriptions, Request URL: {url}",
            (
                "Subscribe to bot events: message.channels, reaction_added, team_join, user_change; message.groups for "
                "private channels that you listed."
            ),
            "Install the app, and invite it into each channel whose messages are wanted.",
        ),
    ),
    "standard-webhooks": Setup(
        needs_mapping=True,
        steps=("Have the platform POST JSON to {url}", "and sign by Standard Webhooks with the secret {secret}"),
    ),
    "tally": Setup(
        survey=True,
        steps=(
            "In Tally: a hidden field that holds the member's id, and the form's Integrations, Webhooks, Connect.",
            "Endpoint URL: {url}",
            "Signing secret: {secret}",
        ),
    ),
    "tchop": Setup(
        polled=True,
        site="the address of your web app, such as https://acme.tchop.io",
        public="the numbers of the channels that all members can read, or * for all",
        secrets={
            "organisation": "x-tchop-webapp-organisation: your organisation's subdomain",
            "auth-token": "x-tchop-auth-token: an authentication token, which support@tchop.io gives",
            "api-client-id": "x-tchop-api-client-id: the API client's id, which comes with it",
        },
        steps=("Nothing more is to be done on tchop: it is read every ten minutes, or as often as --every says.",),
    ),
    "telegram": Setup(
        steps=(
            (
                "Make a bot with @BotFather, switch its privacy mode off (/setprivacy), and make it an administrator "
                "of the group: only administrators are told who joins and who reacts."
            ),
            (
                "Then, with the bot's token: curl https://api.telegram.org/bot$BOT_TOKEN/setWebhook -d url={url} "
                "-d secret_token={secret} "
                '-d \'allowed_updates=["message","edited_message","message_reaction","chat_member"]\''
            ),
        ),
    ),
    "typeform": Setup(
        survey=True,
        steps=(
            "In Typeform: a hidden field that holds the member's id, and the form's Connect, Webhooks, Add a webhook.",
            "Endpoint: {url}",
            "Edit, Secret: {secret}. Then switch it on.",
        ),
    ),
    "zulip": Setup(
        told="the bot's outgoing webhook token (Personal settings, Bots, the bot's zuliprc)",
        site="the organisation's address, such as https://acme.zulipchat.com",
        public="the numbers of the channels that all members can read, or * for all",
        steps=(
            "In Zulip: Settings, Bots, Add a new bot, type Outgoing webhook, format Generic. Endpoint URL: {url}",
            "Messages that mention the bot arrive.",
        ),
        gaps="zulip-events",
    ),
    "zulip-events": Setup(
        secrets={"email": "the bot's address (in its zuliprc: email)", "key": "the bot's API key (its zuliprc: key)"},
        site="the organisation's address, such as https://acme.zulipchat.com",
        polled=True,
        steps=(
            "In Zulip: subscribe the bot to each channel whose reactions, edits and deletions are wanted, too.",
            "Messages of every public channel arrive without that, within a second.",
        ),
    ),
}
"""By the format of the webhook, or of the platform that is polled."""
