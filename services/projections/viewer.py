"""Who is looking, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.policy import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who may read: the administrator's token, a responder at the desk, or somebody just looking.

    ``identities`` are the viewer's own: touches about them are not told. ``reads_private`` names the communities whose
    private channels the viewer may read, None means all.
    """

    organisation: str | None = None
    responder: str | None = None
    display_name: str | None = None
    identities: tuple[Identity, ...] = ()
    reads_private: frozenset[str] | None = frozenset()

    def may_read(self, audience: str | None, community: str) -> bool:
        """Whether what was said to ``audience`` in ``community`` may be shown."""
        return audience != "private" or self.reads_private is None or community in self.reads_private


ADMINISTRATOR = Viewer(reads_private=None)
"""Who shows the administrator's token at the API."""

ONLOOKER = Viewer()
"""Who has signed in at the desk and is no responder."""
