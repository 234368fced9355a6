"""What the people of the demo say: small grammars, filled in by a seeded random."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, Literal

Language = Literal["en", "de"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that people ask about, with answers that fit."""

    language: Language
    asks: tuple[str, ...]
    answers: tuple[str, ...]


_SLOTS: Final[dict[str, tuple[str, ...]]] = {
    "floor": ("ground floor", "first floor", "second floor", "attic"),
    "room": ("Lighthouse", "Anchor", "Compass", "Crow's Nest", "Galley"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "hour": ("9", "10:30", "noon", "14:00", "16:15", "18:00"),
    "work": (
        "illustrator",
        "data engineer",
        "translator",
        "sound designer",
        "product manager",
        "bookkeeper",
        "ceramicist",
        "front-end developer",
        "grant writer",
        "radio journalist",
        "naval architect",
        "UX researcher",
    ),
    "from": ("Porto", "Bremen", "Gdańsk", "Leith", "Aarhus", "Marseille", "Rostock", "Cork", "Trieste", "Bergen"),
    "hobby": (
        "bouldering",
        "baking sourdough",
        "sea swimming",
        "choir",
        "old synthesizers",
        "dinghies",
        "chess",
        "mending bikes",
    ),
    "tag": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"),
    "beruf": ("Grafikerin", "Softwareentwickler", "Übersetzerin", "Steuerberater", "Lektorin", "Tischler"),
    "stadt": ("Kiel", "Leipzig", "Lübeck", "Emden", "Graz", "Dortmund"),
}

SUBJECTS: Final = (
    Subject(
        language="en",
        asks=(
            "The printer on the {floor} takes my job, then nothing. Has anybody got it to work since {day}?",
            "Is the printer down for everyone, or is it just my laptop? It says 'held in queue'.",
        ),
        answers=(
            "It wants the PIN again after the update. Hold the green button, enter your desk number, then it prints.",
            "Same here. Switching it off at the wall for ten seconds helped.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "How do I book {room} for {day} at {hour}? The calendar shows it as free but won't let me save.",
            "Does anyone hold {room} on {day}? It is marked as taken, yet nobody was in it last week.",
        ),
        answers=(
            "You need to be in the 'rooms' group first. Ask at the desk, it takes a minute.",
            "I booked it and no longer need it. It's yours, I have just released it.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "The Wi-Fi on the {floor} drops every few minutes during calls. Any tips?",
            "Which network should video calls go over? I keep freezing.",
        ),
        answers=(
            "Use 'harbour-5g', the other one is shared with the café downstairs.",
            "There's a cable in every drawer on the window side. It saved my week.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "Can I bring a guest for half a day on {day}, and do I need to announce them?",
            "My sister visits this week. Are day guests still free?",
        ),
        answers=(
            "Two guest days a month are free. Put the name on the list by the door.",
            "Yes, just tell whoever has the desk that morning.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "My invoice for this month has the old address. Who can correct it?",
            "Where do I find the receipts for the last quarter? My accountant is asking.",
        ),
        answers=(
            "Under 'membership' at the bottom, and changes to the address go to accounts, they answer within a day.",
            "I had the same. Reply to the invoice mail, that reaches them directly.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "Is the bike cellar open at weekends? My key turns but the door stays shut.",
            "Anyone else locked out of the bike cellar since {day}?",
        ),
        answers=(
            "Pull the door towards you while turning. It swells when it rains.",
            "The lock was changed; new keys are in the envelope with your name at the desk.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "The coffee machine shows 'descale' and refuses. What do I do?",
            "Who knows where the beans are kept? The tin is empty and it is only {hour}.",
        ),
        answers=(
            "Tablets are in the left drawer, one per litre. Takes twenty minutes, sorry.",
            "Blue crate under the sink. Please write it on the list when you open the last bag.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "Does somebody have an adapter from USB-C to HDMI I could borrow until {hour}?",
            "Is there a second monitor free on the {floor}? Mine has given up.",
        ),
        answers=(
            "Left of the phone booth there's a box with every adapter known to mankind.",
            "I'm away on {day}, take mine.",
        ),
    ),
    Subject(
        language="en",
        asks=(
            "How loud may one be in {room}? I record a podcast and don't want to annoy anybody.",
            "Could someone recommend a quiet corner for a job interview on {day}?",
        ),
        answers=(
            "The phone booth on the attic side is the quietest, before {hour}.",
            "Put the red sign on the door and nobody will mind.",
        ),
    ),
    Subject(
        language="de",
        asks=(
            "Weiß jemand, ob die Küche am {tag} für das Frühstück reserviert ist?",
            "Wie komme ich am Wochenende ins Haus? Mein Chip piept nur.",
        ),
        answers=(
            "Ja, bis elf, aber es ist immer Platz für einen mehr.",
            "Der Chip muss einmal am Empfang freigeschaltet werden, geht sofort.",
        ),
    ),
    Subject(
        language="de",
        asks=(
            "Kann mir jemand einen Steuerberater empfehlen, der mit Freiberuflern arbeitet?",
            "Gibt es den Stammtisch am {tag} noch, und wo trefft ihr euch?",
        ),
        answers=(
            "Frag mal im Kanal #stammtisch, da sind zwei vom Fach.",
            "Gibt es! Um sieben unten am Kai, bei Regen in der Kombüse.",
        ),
    ),
)

_INTROS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "Hello everyone! I'm {name}, {work}, just moved here from {from}. Outside of work it's mostly {hobby}.",
        "Hi, {name} here. First day at the harbour, a little lost but happy. I work as a {work}.",
        "Ahoy! New member, {work} by trade. If anybody is into {hobby}, I'd love to hear from you.",
    ),
    "de": (
        "Hallo zusammen, ich bin {name}, {beruf} aus {stadt}, seit heute dabei.",
        "Moin! {name} mein Name. Ich freue mich auf den ersten Kaffee mit euch.",
    ),
}
_GREETINGS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "Welcome aboard, {name}! Come by the desk for your key, and there is soup on {day}s.",
        "So good to have you, {name}. Ask anything here, and say hello at the {hour} coffee.",
    ),
    "de": (
        "Willkommen an Bord, {name}! Den Schlüssel gibt es am Empfang, und am {tag} ist Suppe.",
        "Schön, dass du da bist, {name}. Frag einfach, wenn etwas fehlt.",
    ),
}
_CHATTER: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "Fog over the whole basin this morning. Best view from the attic.",
        "There is cake in the Galley. Run.",
        "Finished the tender at last. I'm going to stare at boats for an hour.",
        "Somebody left a green umbrella in {room}. It's at the desk now.",
        "Soup on {day}: leek and potato. I'm cooking.",
        "We launched today! Thank you all for testing.",
    ),
    "de": (
        "Nebel über dem ganzen Becken. Bester Blick von oben.",
        "In der Kombüse steht Kuchen.",
        "Heute läuft die Heizung wieder, jedenfalls am Fenster.",
    ),
}
_REPLIES: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "Lovely.",
        "On my way.",
        "Count me in.",
        "Ha, same here.",
        "Made my day, thank you.",
        "Well done, all of you!",
    ),
    "de": ("Sehr schön.", "Bin dabei.", "Danke dir!", "Das freut mich."),
}
_THANKS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("That did it, thank you!", "Brilliant, works now.", "Thanks, I would never have found that."),
    "de": ("Danke, das war's!", "Super, klappt jetzt."),
}
REACTIONS: Final = ("👍", "❤️", "🎉", "⚓", "☕", "🙏")
GATHERINGS: Final = ("Thursday soup", "Harbour breakfast", "Show and tell", "Mending evening")


def subject(rng: Random, language: Language) -> Subject:
    """Return something to ask about in ``language``."""
    return rng.choice([each for each in SUBJECTS if each.language == language])


def question(rng: Random, about: Subject) -> str:
    """Return a question."""
    return _filled(rng, rng.choice(about.asks))


def answer(rng: Random, about: Subject) -> str:
    """Return an answer to a question of the same subject."""
    return _filled(rng, rng.choice(about.answers))


def intro(rng: Random, language: Language, name: str) -> str:
    """Return how a newcomer introduces themselves."""
    return _filled(rng, rng.choice(_INTROS[language]), name)


def greeting(rng: Random, language: Language, name: str) -> str:
    """Return how one of the crew greets a newcomer."""
    return _filled(rng, rng.choice(_GREETINGS[language]), name)


def chatter(rng: Random, language: Language) -> str:
    """Return something said to nobody in particular."""
    return _filled(rng, rng.choice(_CHATTER[language]))


def reply(rng: Random, language: Language) -> str:
    """Return a short reply to chatter."""
    return rng.choice(_REPLIES[language])


def thanks(rng: Random, language: Language) -> str:
    """Return thanks for an answer."""
    return rng.choice(_THANKS[language])


def _filled(rng: Random, template: str, name: str = "") -> str:
    words = {slot: rng.choice(choices) for slot, choices in _SLOTS.items()}
    return template.format_map(words | {"name": name.partition(" ")[0]})
