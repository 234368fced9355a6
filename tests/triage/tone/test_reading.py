from __future__ import annotations

import pytest

from services.triage.tone.reading import Reader, Reading

CRISIS = [
    "I don't want to live anymore",
    "i just wanna die",
    "Sometimes I think about ending it. I\u2019m suicidal.",
    "everyone would be better off without me",
    "I want\nto   die",
    'I told the doctor "I want to die" and he laughed',
    "my brother is suicidal and I don't know what to do",
    "He beats me. I'm afraid for my life.",
    "Ich möchte nicht mehr leben",
    "ich moechte einfach nur sterben",
    "Ohne mich wären alle besser dran",
    "No quiero seguir viviendo",
    "me quiero morir",
    "Je n'ai plus de raison de vivre",
    "j\u2019ai envie de mourir",
    "não aguento mais viver",
    "queria não acordar mais",
    "\u200bI want to d\u200bie",
]

NO_CRISIS = [
    "I nearly died laughing",
    "kill -9 the process, then kill the session",
    "I want to die laughing",
    "I'd rather die than write Java",
    "I don't want to die",
    "I shot myself in the foot with that macro",
    "I use aws kms for the keys",
    "> I want to die\nPlease look after yourself!",
    "```\nraise Suicide('I want to die')\n```",
    "`want to die`",
    "political suicide, I think",
    "I want to end it with a semicolon",
    "das hält man im Kopf nicht aus",
    "me quiero morir de risa",
    "envie de mourir de rire",
    "quero morrer de rir",
    "",
]

NEUTRAL = [
    "Can somebody look at the pull request? The build is green again and I have rebased it on the main branch.",
    "Die Datei ist zu groß, deshalb bricht der Server ab. Ich habe das Pack im Ordner neu gebaut und die Rate erhöht.",
    "El archivo no es con acento, y los datos se guardan en la tabla de la base. Los ojos del animal son rojos.",
    "La page ne charge pas avec le nouveau navigateur, mais la version d'avant marche. Le ton de la note est bon.",
    "O arquivo fica na pasta do projeto e o servidor lê os dados dele. Os testes são rápidos e o burro come capim.",
]

HOSTILE = [
    "You are an idiot",
    "@bob what a moron",
    "shut up",
    "Du bist so ein Vollidiot",
    "Halt die Fresse",
    "eres un imbécil",
    "ta gueule",
    "Vous êtes des abrutis",
    "cala a boca, babaca",
]

NOT_HOSTILE = [
    "I'm an idiot, sorry. You were right",
    "Can I ask you a stupid question?",
    "The idiot light is on",
    'He said "you idiot" to me',
    "> you idiot\nNot nice.",
    "You can use lazy evaluation on a dense set",
    "You are entitled to a refund",
    "No pasa nada, te digo con qué",
]

THANKS = [
    "Thanks!",
    "thank you so much, that works",
    "thx",
    "Vielen Dank euch allen!",
    "Dankeschön",
    "muchas gracias",
    "Merci beaucoup",
    "muito obrigada",
]

NO_THANKS = [
    "Thanks in advance",
    "no thanks",
    "Thanks to the new cache it is fast",
    "any help is much appreciated",
    "Danke schon mal im Voraus",
    "dank des neuen Servers",
    "gracias de antemano",
    "Merci d'avance",
    "Fui obrigado a reiniciar",
    "> thanks\nwelcome",
]


def read(reader: Reader, text: str) -> Reading:
    return reader.read([text])[0]


@pytest.mark.parametrize("text", CRISIS)
def test_crisis_wording_is_found(reader: Reader, text: str) -> None:
    assert read(reader, text).crisis


@pytest.mark.parametrize("text", NO_CRISIS)
def test_idioms_code_and_the_words_of_others_are_no_crisis(reader: Reader, text: str) -> None:
    assert not read(reader, text).crisis


@pytest.mark.parametrize("text", NEUTRAL)
def test_no_language_finds_its_terms_in_the_plain_words_of_another(reader: Reader, text: str) -> None:
    assert read(reader, text).spans == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_an_insult_said_to_somebody_opens_the_gate(reader: Reader, text: str) -> None:
    assert read(reader, text).hostility_gate


@pytest.mark.parametrize("text", NOT_HOSTILE)
def test_insults_of_oneself_of_things_and_of_others_words_open_no_gate(reader: Reader, text: str) -> None:
    assert not read(reader, text).hostility_gate


@pytest.mark.parametrize("text", THANKS)
def test_thanks_are_found(reader: Reader, text: str) -> None:
    assert read(reader, text).found("thanks")


@pytest.mark.parametrize("text", NO_THANKS)
def test_thanks_that_ask_or_tell_a_cause_are_none(reader: Reader, text: str) -> None:
    assert not read(reader, text).found("thanks")


def test_distress_needs_a_first_person_and_no_idiom(reader: Reader) -> None:
    assert read(reader, "I feel so lonely").distress_gate
    assert read(reader, "Ich bin völlig verzweifelt").distress_gate
    assert not read(reader, "The process is lonely").distress_gate
    assert not read(reader, "I'm afraid so").distress_gate
    assert not read(reader, "I ran the stress test").distress_gate


def test_a_subject_named_without_a_first_person_is_no_crisis(reader: Reader) -> None:
    assert read(reader, "I think of suicide").crisis
    assert not read(reader, "The film tells of a suicide").crisis


@pytest.mark.parametrize("before", ["", "Thanks. ", "na\u0308h  ", "`code`  ", "\U0001f600  \u200b", "> quoted\n\n"])
def test_a_span_is_the_term_in_the_text_as_it_was_given(reader: Reader, before: str) -> None:
    text = f"{before}I WANT  to die, thank\u200b you"
    reading = read(reader, text)
    [crisis] = reading.found("crisis")
    assert text[crisis.start : crisis.end] == "WANT  to die"
    *_, thanks = reading.found("thanks")
    assert text[thanks.start : thanks.end] == "thank\u200b you"


def test_the_language_is_told_or_left_open(reader: Reader) -> None:
    texts = [
        "The meeting starts at noon, please come.",
        "Das Treffen beginnt um zwölf, bitte kommt alle.",
        "La reunión empieza a las doce, venid por favor.",
        "La réunion commence à midi, venez s'il vous plaît.",
        "A reunião começa ao meio-dia, venham por favor.",
        "La riunione inizia a mezzogiorno, venite per favore.",
        "ok",
        "",
        "12345 67890 +++",
    ]
    languages = [reading.language for reading in reader.read(texts)]
    assert languages == ["en", "de", "es", "fr", "pt", "it", "und", "und", "und"]


def test_a_text_too_short_to_tell_is_in_the_community_s_usual_language(reader: Reader) -> None:
    [unknown] = reader.read(["thx!!"])
    [usual] = reader.read(["thx!!"], usual="en")
    assert (unknown.language, unknown.scores) == ("und", {})
    assert usual.language == "en"
    assert set(usual.scores) == {"distress", "hostility", "gratitude"}
