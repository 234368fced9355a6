"""The reader of tone is loaded before there are texts: at the first of them it held up its process for seconds."""

from __future__ import annotations

import contextlib
from threading import Thread

from services.triage.community import COMMUNITY
from services.triage.readings import shared_reader
from shared.event_store.codec import UnknownStoredTypeError
from shared.event_store.store import PartitionStore


def load_where_read(store: PartitionStore) -> None:
    """Load the reader where a policy of the partition's communities turns it on. Blocking."""
    with contextlib.suppress(UnknownStoredTypeError):  # of a newer build: whoever opens the partition says so
        communities = store.load(store.streams_of(COMMUNITY.category)).values()
        policies = [one.state.policy for one in communities]
        if any(policy is not None and policy.tone.enabled for policy in policies):
            shared_reader()


def load_aside() -> None:
    """Begin to load the reader in a thread of its own; whoever asks for it meanwhile waits until it is there."""
    Thread(target=shared_reader, name="load the reader of tone", daemon=True).start()
