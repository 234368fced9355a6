"""What an operator does on each platform to connect it: the steps, and what Warmline has to be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a platform is connected; ``{url}`` and ``{secret}`` in ``steps`` are what is pasted there.

    ``told`` names the secret that the platform made itself. ``site`` and ``public`` say what is
    asked under these names where the platform does not tell it.
    """

    steps: tuple[str, ...]
    told: str | None = None
    site: str | None = None
    public: str | None = None
    needs_mapping: bool = False


SETUPS: Final[dict[str, Setup]] = {
    "bearer": Setup(
        needs_mapping=True,
        steps=("Have the platform POST JSON to {url}", "with the header  Authorization: Bearer {secret}"),
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
}
"""By the format of the webhook."""
