"""Does a text ask something? Question marks and question openers, outside quotes, code and links."""

from __future__ import annotations

import re
from typing import Final

_LEFT_OUT: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|^\s*>.*$|https?://\S+", re.DOTALL | re.MULTILINE)
_MARK: Final = re.compile(r"[?？؟;]\s*$|[?？؟](?=[\s)\]\"'»”*_]|$)|¿", re.MULTILINE)  # noqa: RUF001 -- they ask elsewhere
_OPENER: Final = re.compile(
    r"(?:^|[.!\n]\s*)(?:hi|hello|hey|hallo|hola|bonjour|olá)?[\s,!]*(?:"
    r"how (?:do|can|could|would|should|to)\b|what (?:is|are|does|would|should)\b|why (?:is|are|does|do)\b"
    r"|where (?:is|are|can|do)\b|who (?:can|knows?)\b|(?:can|could|does|has|is) (?:any|some)(?:one|body)\b"
    r"|i(?: a|')m (?:stuck|looking for)\b|any (?:idea|hint|suggestion|advice|help)s?\b|i wonder (?:if|how|why|what)\b"
    r"|wie (?:kann|macht|geht|bekomme)\b|warum\b|weiß jemand\b|kann (?:mir )?jemand\b|hat jemand\b|gibt es (?:ein|jemand)"
    r"|cómo (?:puedo|se)\b|alguien (?:sabe|puede)\b|por qué\b|comment (?:faire|puis-je|on)\b|quelqu'un (?:sait|peut)\b"
    r"|pourquoi\b|est-ce que\b|como (?:posso|faço)\b|alguém (?:sabe|pode)\b|por que\b"
    r")",
    re.IGNORECASE,
)
_READ: Final = 4_000
"""Characters that are read: a question further down is an answer's, not an opening's."""


def asks(text: str) -> bool:
    """Tell whether ``text`` asks something, in English, German, Spanish, French or Portuguese."""
    said = _LEFT_OUT.sub(" ", text[:_READ])
    return _MARK.search(said) is not None or _OPENER.search(said) is not None
