"""The people of the demo. All names are made up."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from infra.demo.texts import Language
from shared.contracts.member_events import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member; the crew is the team."""

    id: str
    name: str
    language: Language = "en"
    crew: bool = False

    @property
    def member(self) -> Member:
        """The person as the platform names them."""
        roles = ("crew",) if self.crew else ("member",)
        return Member(id=self.id, name=self.name, handle=self.name.split(" ")[0].lower(), roles=roles)


CREW: Final = (
    Person(id="u-mara", name="Mara Lindqvist", crew=True),
    Person(id="u-tobi", name="Tobi Hansen", language="de", crew=True),
    Person(id="u-femke", name="Femke Visser", crew=True),
)
"""Mara and Tobi are responders of the demo's policy; Femke speaks for the team by her role."""

_NAMES: Final[tuple[tuple[str, Language], ...]] = (
    ("Adaeze Brook", "en"),
    ("Bela Kowalik", "en"),
    ("Clemens Ritter", "de"),
    ("Dara Finnegan", "en"),
    ("Emeka Strand", "en"),
    ("Frauke Petersen", "de"),
    ("Gil Montero", "en"),
    ("Hanne Dahl", "en"),
    ("Ilyas Bergmann", "de"),
    ("Juno Albright", "en"),
    ("Kaspar Novak", "en"),
    ("Lotte Winkler", "de"),
    ("Milo Ferrante", "en"),
    ("Nadia Osei", "en"),
    ("Oskar Thorsen", "en"),
    ("Priya Lamont", "en"),
)
RESIDENTS: Final = tuple(
    Person(id=f"u-{number:03}", name=name, language=language)
    for number, (name, language) in enumerate(
        _NAMES,
        start=1,
    )
)
_FIRST_NAMES: Final = (
    "Anouk",
    "Basil",
    "Carmen",
    "Dario",
    "Edda",
    "Fatou",
    "Goran",
    "Helmi",
    "Ivo",
    "Jette",
    "Kenji",
    "Leila",
    "Matteo",
    "Nele",
    "Omar",
    "Paula",
    "Quinn",
    "Rosa",
    "Sami",
    "Thea",
    "Uwe",
    "Vera",
    "Wim",
    "Yara",
    "Zeno",
)
_LAST_NAMES: Final = (
    "Abel",
    "Brandt",
    "Castell",
    "Demir",
    "Eklund",
    "Falk",
    "Grau",
    "Holm",
    "Ibsen",
    "Jansen",
    "Keller",
    "Lund",
    "Moreau",
    "Nowak",
    "Oduya",
    "Prinz",
    "Quist",
    "Rahimi",
    "Sorel",
    "Tanaka",
    "Urban",
    "Voss",
    "Weir",
    "Zander",
)


def newcomer(rng: Random, person_id: str) -> Person:
    """Return somebody new; every fourth or so speaks German."""
    language: Language = "de" if rng.random() < 0.25 else "en"
    return Person(id=person_id, name=f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)}", language=language)
