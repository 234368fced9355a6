from __future__ import annotations

import time

import pytest

from services.triage.question import asks

ASKING = [
    # English
    "How do I reset my password?",
    "Hi all, how do I reset my password",
    "Hello everyone! Any idea what broke here",
    "The build fails since yesterday. Does anyone know why",
    "I'm stuck with the installer",
    "I\u2019m looking for a way to export my data",
    "I can't figure out how to log in.",
    "Just installed it, but I don't understand the second step",
    "Is there a way to turn it off",
    "I was wondering if anybody tried it on ARM",
    "Need help with the migration",
    "It worked before, didn't it?!",
    "**What's the best way to start?**",
    "Have you seen https://example.org/a/b?",
    "See https://example.org/?q=1 - is that still true?",
    "What does `a ? b : c` mean?",
    "> it never works\nWhat did you try?",
    "Ready? Let's go",
    "[is this right?](https://example.org)",
    "?",
    "what does x error mean",
    "Is it safe to remove the old ones",
    "Feedback is much appreciated, this is early work.",
    "Comments and suggestions are very welcome!",
    "I wrote down a proposal. I look forward to your comments.",
    "I am posting it here to see if there is any early feedback",
    "Here is the draft. Let me know what you think",
    "http://paste.example.org/1 can somebody help me with this",
    # German
    "Wie kann ich mein Passwort ändern",
    "Hallo zusammen, weiß jemand, wo die Anleitung liegt",
    "Hat jemand schon die neue Version getestet",
    "Ich komme nicht weiter mit der Einrichtung.",
    "Gibt es eine Möglichkeit, das abzuschalten",
    "Geht das?",
    # Spanish
    "¿Cómo puedo cambiar la contraseña",
    "Hola, alguien sabe cómo instalarlo en Windows",
    "No entiendo el segundo paso",
    "Necesito ayuda con la cuenta",
    # French
    "Bonjour, quelqu\u2019un sait où est la documentation",
    "Comment puis-je changer mon mot de passe",
    "Ça marche aussi sous Linux ?",
    "Je n'arrive pas à me connecter",
    # Portuguese
    "Alguém sabe como instalar no Windows",
    "Olá, como faço para mudar a senha",
    "Não consigo entrar na minha conta",
    # Elsewhere
    "これは何ですか？",  # noqa: RUF001
    "ما هذا؟",
]

STATING = [
    "",
    "Hi, I'm Ada, and I have just joined. Looking forward to it!",
    "We released version 2.0 today.",
    "Thanks for the feedback, it was appreciated.",
    "I like your suggestions.",
    "Your comments helped; I changed the second section.",
    "You are welcome.",
    "http://x?y",
    "http://x.org/?y=1&z",
    "See https://example.org/search?q=how+do+i for more",
    "Look at www.example.org/list?page=2.",
    "`where is it?`",
    "```\nhow do I know? who cares?\n```\nThis is the log.",
    "~~~\nwhy?\n~~~",
    "```\nis it open? nobody closed the fence",
    "```quote\nHow do I do it?\n```\nThis is how.",
    "> How do I do it?\nLike this.",
    '"Does it work?" was what everybody wanted to know.',
    "„Geht das?“ hieß es damals.",
    "It came out in 2020 (?), I believe.",
    "obj?.field is safe",
    "Do nothing; it heals itself.",
    "I know how to do it.",
    "That is why we left.",
    "Nobody asked how it works, though.",
    "Who knows, it may rain.",
    "Wir haben das gelöst, weil es nötig war.",
    "Gracias a todos, porque funcionó.",
    "Merci, tout marche comme il faut.",
    "Obrigado, funcionou porque reiniciei.",
    "Here are the notes." + " filler" * 800 + " Any questions?",
]


@pytest.mark.parametrize("text", ASKING)
def test_it_asks(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize("text", STATING)
def test_it_does_not_ask(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize(
    "text",
    ["`" * 4000, "~" * 4000, "> " * 2000, "hi " * 1300, '"' * 4000, "http://" + "?" * 4000, "¡" * 4000, "( ?" * 1300],
)
def test_hostile_texts_are_read_in_no_time(text: str) -> None:
    from time import process_time

    begin = process_time()
    asks(text)
    assert process_time() - begin < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "It says: " + " " * 3_900,
        "\n" * 3_900,
        "> quoted by somebody\n" * 180,
        "hello " + "\t" * 3_900,
        ". -_* " * 650,
        "feedback " * 440,
        "look forward to any " * 190,
    ],
    ids=["blanks", "lines", "quotes", "greeting", "bullets", "views", "wishes"],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    assert not asks(text)
    assert time.process_time() - began < 0.5
