"""Does a text ask something? Question marks and the openers of questions, outside of quotes, code and links.

In English, German, Spanish, French and Portuguese. A miss is a question that nobody is shown; a false find costs a
person one look. So openers are only taken where a sentence begins, and only as people word a wish to know. In English a
wish for others' views asks, too, wherever it stands.
"""

from __future__ import annotations

import re
from typing import Final

from services.triage.own_words import own_words

_READ: Final = 4_000
"""Characters that are read: a question further down is an answer's, not an opening's."""

_DOUBT: Final = re.compile(r"[(\[]\?+[)\]]")
"""It doubts, it does not ask."""

_MARK: Final = re.compile(r"[?\uff1f\u061f¿](?:(?<=¿)|(?![\w=&/%#+.-]*\w))")

_ENGLISH: Final = (
    r"how (?:do|does|can|could|would|should|to)\b",
    r"what (?:should|can|could|do|does|would|am) (?:i|we|you|one|it|this|that)\b",
    r"what(?: i|')s the (?:best|right|correct|proper|recommended|easiest|difference|way)\b",
    r"why (?:is|are|does|do|did|am|can't|isn't|doesn't|won't)\b",
    r"where (?:can|could|do|does|should|is|are) (?:i|we|one|the|my)\b",
    r"who (?:can|could) (?:help|tell|explain)\b|who knows (?:how|why|where|what|when|if|whether)\b",
    r"(?:can|could|does|did|has|have|is|would) (?:any|some)(?:one|body)\b|any(?:one|body) (?:know|here|else|have|has)",
    r"what (?:does|do|did|is|are) (?:[\w'./+-]+ ){1,4}(?:mean|for|called)\b",
    r"is (?:it|this|that) (?:possible|safe|ok|okay) to\b",
    r"(?:can|could|would) (?:you|i|we) (?:please|help|explain|tell|point|show)\b|(?:is|are) there (?:an?|any|some)\b",
    r"any (?:idea|hint|suggestion|advice|help|pointer|tip|thought)s?\b",
    r"i(?: a|')m (?:stuck|lost|confused|wondering|looking for|struggling|having (?:trouble|problems|issues))\b",
    r"i(?: was)? wonder(?:ing)? (?:if|whether|how|why|what|where)\b",
    r"i (?:don't|do not|can't|cannot) (?:know (?:how|why|what|where)|understand|figure|find|get|seem)\b",
    r"(?:i )?need (?:some |your )?(?:help|advice)\b|please help\b",
)
_GERMAN: Final = (
    r"wie (?:kann|könnte|soll|mache?|geht|bekomme?|kriege?|muss|richte|finde|stelle) (?:ich|man|wir|das)\b",
    r"was (?:bedeutet|muss ich|kann ich|soll ich|mache? ich)\b|wo (?:kann|finde|bekomme|gibt|ist)\b",
    r"(?:warum|wieso|weshalb)\b|(?:weiß|weiss|kennt|hat)(?: hier)? (?:jemand|wer|einer)\b",
    r"(?:kann|könnte)(?: mir| uns)?(?: bitte)? (?:jemand|wer|einer)\b|gibt es (?:eine?n?|irgend|schon|jemand|dafür|da)",
    r"ich (?:suche|brauche hilfe|komme nicht weiter|weiß nicht|weiss nicht|verstehe nicht|frage mich)\b",
)
_SPANISH: Final = (
    r"c[oó]mo (?:puedo|podr[ií]a|se|hago|debo)\b|alguien (?:sabe|puede|podr[ií]a|conoce|tiene|me|ha)\b|por qué\b",
    r"(?:qué (?:es|significa|debo|puedo)|dónde (?:puedo|está|se|encuentro))\b|necesito ayuda\b|me pregunto\b",
    r"no (?:sé|entiendo|consigo|logro)\b|(?:hay|existe) (?:alguna?|algún|alguien|(?:una )?forma|manera)\b",
)
_FRENCH: Final = (
    r"comment (?:faire|puis-je|on|je|peut-on|dois-je|est-ce)\b|quelqu'un (?:sait|peut|pourrait|a|connaît|aurait)\b",
    r"(?:pourquoi|est-ce qu[e']|où (?:puis-je|est|se|trouver)|y a-t-il|est-il possible|peut-on|puis-je)",
    r"j'ai besoin d'aide\b|je (?:cherche|n'arrive pas|me demande|ne (?:sais|comprends|trouve) pas)\b",
)
_PORTUGUESE: Final = (
    r"como (?:posso|fa[cç]o|eu|devo|fazer)\b|alguém (?:sabe|pode|poderia|conhece|tem|já)\b|por qu[eê]\b",
    r"onde (?:posso|está)\b|preciso de ajuda\b|não (?:consigo|sei|entendo)\b",
    r"estou com (?:dúvida|problema)|gostaria de saber\b|tem como\b",
)
_VIEWS: Final = (
    r"(?:feedback|comments?|thoughts|opinions?|suggestions?|corrections?|criti(?:que|cism)s?|reviews?|input|ideas)"
)
_WISH: Final = re.compile(
    rf"\b{_VIEWS}\b[^.!?\n]{{0,30}} (?:(?:is|are|be) (?:\w+ )?(?:welcome|appreciated)|welcome)\b"
    rf"|\b(?:look(?:ing)? forward to|curious (?:about|for)|(?:would|'d) (?:love|like|appreciate))"
    rf" (?:(?:to hear|hearing) )?(?:any|some|your|people's) (?:\w+ )?{_VIEWS}\b"
    rf"|\bany (?:early |initial |first )?{_VIEWS}\b|\blet me know (?:what you think|your thoughts)\b"
    r"|\b(?:any|some)(?:one|body) (?:please )?(?:help|explain|tell me)\b"
)
"""A wish for views or help, wherever in a sentence it stands; of a text in small letters."""

_GREETING: Final = r"hi|hello|hey|hallo|guten tag|moin|hola|buenas|bonjour|salut|olá|oi|bom dia"
_OPENER: Final = re.compile(
    rf"\W(?:(?<=[.!:,\u2013\u2014])\s++|(?<=\n)|(?:{_GREETING})(?:\s+\w+){{0,2}}?\s++|(?:but|and|so|please|aber|pero|mais|mas)\s++)"
    r"[\s*_#-]*+"
    rf"(?:{'|'.join((*_ENGLISH, *_GERMAN, *_SPANISH, *_FRENCH, *_PORTUGUESE))})"
)
"""Of a text in small letters after a line end; told to ignore case, and with ``^``, it takes seven times as long."""


def asks(text: str) -> bool:
    """Tell whether ``text`` asks something."""
    said = _DOUBT.sub(" ", own_words(text[:_READ].replace("\u2019", "'")))
    if _MARK.search(said) is not None:
        return True
    small = said.lower()
    return _OPENER.search(f"\n{small}") is not None or _WISH.search(small) is not None
