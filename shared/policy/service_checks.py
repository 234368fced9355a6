"""Work that somebody can get and hear of: addresses, limits, segments and communities that nobody serves."""

from __future__ import annotations

from collections.abc import Iterator

from shared.policy.document import Document, Finding, Path, field_name
from shared.safe_url import is_encrypted_or_local


def emails(document: Document) -> Iterator[Finding]:
    """Addresses are verified, and what is verified is there."""
    for path, responder in document.items("responders"):
        verified = responder.get("email_verified", False)
        if "email" in responder and not verified:
            yield document.warning(
                (*path, "email"),
                "no mail is sent to this address until it is verified",
                "Ask the person to confirm it and to agree to be written to; then add 'email_verified: true'.",
            )
        if verified and "email" not in responder:
            yield document.warning(
                (*path, "email_verified"), "there is no e-mail address to be verified", "Add 'email:', or remove this."
            )


def limits(document: Document) -> Iterator[Finding]:
    """No rule's touch weighs more than one person may bear."""
    places: list[Path] = [("limits",)] + [(*path, "limits") for path, _ in document.items("responders")]
    for place in places:
        most = document.get(*place, "care_load")
        for path, weight in _weights(document):
            if most is not None and weight > most:
                yield document.warning(
                    (*place, "care_load"),
                    f"a touch by the rule '{path[1]}' weighs {weight}, more than this limit allows at one time",
                    f"Allow at least {weight}, or lower {field_name(path)}.",
                )


def _weights(document: Document) -> Iterator[tuple[Path, int]]:
    for rule in document.get("rules") or {}:
        places: list[Path] = [("rules", rule), *(path for path, _ in document.items("rules", rule, "by_segment"))]
        for place in places:
            if (weight := document.get(*place, "care_load")) is not None:
                yield (*place, "care_load"), weight


def emergency_contact(document: Document) -> Iterator[Finding]:
    """The emergency contact is one of the responders or a verified address, and can be reached."""
    path: Path = ("escalation", "emergency_contact")
    contact = document.get(*path)
    if contact is None:
        return
    name, email = contact.get("responder"), contact.get("email")
    if (name is None) == (email is None):
        yield document.error(
            path,
            "the emergency contact is both a responder and an address" if name else "the emergency contact is nobody",
            "Write either 'responder:' with the name of one, or 'email:' with 'email_verified: true'.",
        )
        return
    if email is not None and not contact.get("email_verified", False):
        yield document.warning(
            (*path, "email"),
            "no mail is sent to this address until it is verified",
            "Ask whoever reads it to confirm it and to agree to be written to; then add 'email_verified: true'.",
        )
    known = {responder.get("name"): responder for _, responder in document.items("responders")}
    if name in known and not (known[name].get("email") and known[name].get("email_verified", False)):
        yield document.warning(
            (*path, "responder"),
            f"{name} has no verified e-mail address: only the desk and the log tell of an escalation",
            f"Give {name} an 'email:' that they have confirmed, and 'email_verified: true'.",
        )


def unserved(document: Document) -> Iterator[Finding]:
    """Somebody serves each segment and each community."""
    responders = [responder for _, responder in document.items("responders")]
    for field, noun in (("segments", "segment"), ("communities", "community")):
        if not responders or any(not responder.get(field) for responder in responders):
            continue
        for path, item in document.items(field):
            name = item.get("name") if isinstance(item, dict) else item
            if name is not None and not any(name in responder[field] for responder in responders):
                yield document.warning(
                    path,
                    f"no responder serves the {noun} '{name}': its touches would be held",
                    f"Add it to a responder's '{field}', or leave somebody's '{field}' out: that means all.",
                )


def integrators(document: Document) -> Iterator[Finding]:
    """What is told to an integrator goes over an encrypted connection, unless it stays on this machine."""
    for path, integrator in document.items("integrators"):
        url = integrator.get("url")
        if url is not None and not is_encrypted_or_local(url):
            yield document.error(
                (*path, "url"),
                "needs-touch events would cross the network unencrypted",
                "Give an address that begins with https://.",
            )
