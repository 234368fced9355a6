from __future__ import annotations

import pytest

from services.triage.tone.reading import Reader, Reading
from services.triage.tone.signs import signs_in

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

THREATENED = [
    "my husband is going to kill me tonight",
    "my husband is going to kill me if I leave",
    "my girlfriend will kill me, she has a knife",
    "my dad is gonna kill me",
    "meu namorado vai me matar se eu terminar",
    "meu pai vai me matar quando chegar",
    "minha mãe vai me matar",
    "ele vai me matar um dia",
    "mi novio me va a matar si me voy",
    "mi padre me va a matar cuando llegue",
    "il me bat à coups de ceinture",
]

IN_JEST = [
    "my boss is going to kill me",
    "my team is going to kill me if this ships",
    "my wife is going to kill me lol",
    "this build is going to kill me",
    "meu chefe vai me matar",
    "minha mãe vai me matar kkkk",
    "esse bug vai me matar",
    "mi jefe me va a matar",
    "mi madre me va a matar jaja",
    "este curso me va a matar",
    "il me bat aux échecs",
]

WHAT_IT_IS_OF_TELLS = [
    "I don't want to live with this pain (anymore)",
    "I don't want to live with it",
    "I don't want to live at all",
    "I don't want to live at this point",
    "I don't want to live in the world anymore",
    "I don't want to live in my body",
    "I'd rather die than live like this",
    "I want to die on my birthday",
    "I have no reason to live in this world",
    "I relapsed and cut myself while crying",
    "I relapsed and cut myself on the leg",
    "no quiero vivir con este dolor",
    "Preferiría morir a seguir viviendo así",
    "Ya no quiero vivir de esta manera",
    "Quiero poner fin a mi vida",
    "Je préfère mourir que de vivre comme ça",
    "Je ne veux plus vivre avec cette douleur",
    "Je n'ai aucune raison de rester en vie",
    "no quiero vivir en este mundo",
    "No quiero vivir aquí en este mundo",
    "prefiero morir que seguir así",
    "no puedo más con esta vida",
    "no veo salida en mi vida",
    "não quero viver com essa dor",
    "não quero mais viver em um mundo assim",
    "je veux en finir avec tout ça une bonne fois",
]

WHAT_IT_IS_OF_TAKES_BACK = [
    "I don't want to live with my parents",
    "I don't want to live with him",
    "I don't want to live in a big city",
    "I wouldn't want to live with that limitation",
    "I cut myself while cooking again",
    "I need to cut myself some slack",
    "no quiero vivir con mis padres",
    "Ya no quiero vivir contigo",
    "No quiero despertar a los niños",
    "Preferiría morir a comer eso",
    "Intenté poner fin a la conversación",
    "Perdí la esperanza de ganar el torneo",
    "Él me golpeó sin querer en el metro",
    "Je ne veux plus vivre à Paris",
    "Je préférerais mourir que de chanter devant tout le monde",
    "J'ai été abusée par son apparence",
    "Je n'ai aucune raison de rester au bureau",
    "J'en ai marre de la vie en ville",
    "no quiero vivir en la ciudad",
    "não quero mais viver com meus pais",
    "não quero viver em uma cidade",
]

NO_WAY_ON = [
    "No tengo motivos para seguir.",
    "no hay razón para seguir viviendo",
    "no puedo más, que alguien me ayude",
    "não há motivo para continuar",
    "não vejo sentido em continuar vivendo",
    "só quero que tudo acabe",
    "Je n'ai plus la force de continuer",
    "il n'y a aucune raison de continuer à vivre",
    "il n'y a pas d'issue",
    "Je pense à en finir.",
    "Es hat alles keinen Sinn mehr",
    "Mein Leben macht keinen Sinn mehr",
    "alles ist hoffnungslos",
    "I need to disappear",
    "please make it stop",
    "please make it stop I can't",
    "Das hat doch alles keinen Sinn mehr",
    "goodbye world",
]

WORK = [
    "no puedo más que agradecerles",
    "no hay razón para seguir usando la versión 3",
    "No tengo motivos para seguir con este plugin",
    "no hay salida en la terminal",
    "não há motivo para continuar usando o fork",
    "não vejo sentido em continuar com esse projeto",
    "quero que tudo acabe bem",
    "Il n'y a aucune raison de continuer à supporter Python 2",
    "il n'y a pas d'issue pour ce bug",
    "j'ai pensé à en finir avec jQuery",
    "Das macht doch keinen Sinn mehr",
    "Ich sehe keinen Sinn mehr darin, das zu pflegen",
    "alles ist hoffnungslos veraltet",
    "I need to disappear the window",
    "please make it stop printing warnings",
    "goodbye world program",
]

EVERYDAY = [
    "I will do it tonight.",
    "going to do it tonight.",
    "I'm going to go tonight to the meetup",
    "It's my time to go, see you tomorrow",
    "Where do I find my body measurements in the app?",
    "They find my body language odd",
    "I hope I die less often in the new season",
    "My wife wants to end her life insurance",
    "I hate existing linters",
    "I hate that I woke up at four",
    "This is my note",
    "This is my farewell as moderator",
    "I said my goodbyes to the team on Friday",
    "I'm saying goodbye before I leave for vacation",
    "I wrote letters to my family from the camp",
    "My last attempt at getting help with this bug",
    "There is nothing left for me here but the changelog",
    "I have no will to refactor it",
    "I can't keep doing this anymore, the CI fails",
    "i just want to end it, how do I stop the background process?",
    "I decided to end things for good with that vendor",
    "What is the easiest way to end it gracefully?",
    "quickest way to kill a daemon",
    "Easiest way to die in Elden Ring?",
    "set myself on fire with that deploy",
    "Nobody is holding a gun to my head",
    "I almost drove my car off the road on the way",
    "Did I take the meds? I took the pills at noon",
    "I got the gun in level 3",
    "An energy drink: I was overdosing with caffeine",
    "I won't live much longer in Berlin",
    "I can't afford to live anymore in this town",
    "I've lost the battle against webpack",
    "I think it may just not exist",
    "I think that option was not meant to exist",
    "My laptop will fall asleep and never wake up",
    "I shut the connection, it should not be alive anymore",
    "It is easier if I was gone by five",
    "Coffee is what keeps me alive",
    "My son told me he wants to die in Minecraft",
    "My friend said she is going to end the meeting",
    "They take their life savings to buy it, I think",
    "heute abend werde ich es tun",
    "Morgen ist es vorbei mit mir, Prüfung",
    "Es ist einfacher, wenn ich weg bin",
    "Ich habe mich verabschiedet von allen im Büro",
    "Ich habe den Kampf verloren, der Linter hat gewonnen",
    "Ich habe alle Tabletten genommen, die der Arzt verschrieb",
    "Hoffentlich sterbe ich nicht im ersten Level",
    "Lo haré esta noche.",
    "Ya me despedí de todos en la oficina",
    "Estoy con una soga al cuello por el plazo",
    "Manera fácil de morir en Elden Ring",
    "He perdido la batalla contra la burocracia",
    "No queda nada para mí aquí",
    "J'ai fait mes adieux à mon équipe",
    "J'ai perdu la bataille contre webpack",
    "Moyen rapide de mourir dans Elden Ring ?",
    "Le fichier semble ne plus exister chez moi",
    "J'ai pris tous mes médicaments ce matin",
    "Rien ne me retient ici, je pars en vacances",
    "Já me despedi de todos no escritório",
    "Maneira mais fácil de morrer no Elden Ring",
    "Estou a tomar um monte de remédios para a gripe",
    "Acabei de bater o carro num poste",
]

DEATH_IS_NAMED = [
    "What is the easiest way to die?",
    "I'm looking for a painless way to die",
    "I want to set myself on fire",
    "I could just drive my car into traffic",
    "I took all of the sleeping pills",
    "I have no will to live",
    "I just hate existing.",
    "I've lost the battle against my depression",
    "I won't live much longer.",
    "I would be happy to just fall asleep. I want to fall asleep and never wake up",
    "It would be easier if I was gone.",
    "My son told me he wants to die",
    "He is threatening to kill himself",
    "Tomorrow someone will find my body",
    "Ich will in den Gegenverkehr fahren",
    "Hoffentlich sterbe ich bald",
    "Busco la manera más rápida de morir",
    "J'ai envie de ne plus exister",
    "Quero jogar o carro contra um poste",
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
    "Are you deaf or hard of hearing? There are captions",
    "Estás na bicha? Tu vês melhor do que eu",
]

UNWELL = [
    "I feel so alone these days, and I can't stop crying",
    "We lost my father on Sunday, and I'm just very sad",
    "Lately I'm completely exhausted and overwhelmed, I don't sleep and everything makes me cry",
    "My anxiety is back and I hate myself for it",
    "I am such a failure, I'm ashamed of myself",
    "Ich bin so verzweifelt und traurig, ich weine jeden Tag",
    "Ich fühle mich so allein und hoffnungslos",
    "Me siento muy sola y no paro de llorar",
    "Je me sens tellement seule, je pleure tous les jours",
    "Sinto-me muito sozinha e choro todos os dias",
]

OF_THE_TRADE = [
    "I know that the filter alone is useless: a failure of one node is a failure of all, and I have seen it abused",
    "I'm struggling to see how the transaction is rejected, though I suffer no harm myself",
    "I was afraid you would say that",
    "I could show you the failure, if that helps",
    "I'm worried that it might cause me grief later",
    "This build is hopeless and killing me, I'm stuck",
    "I'm depressed by this compiler",
    "The other team had a nightmare of a week, I heard",
    "Ich fürchte, der Server ist kaputt, und ich habe die Datei verloren",
    "Ich weiß, dass der Index allein nutzlos ist",
    "Tengo miedo de romper el servidor, el archivo está vacío",
    "J'ai peur que le serveur soit vide, mon fichier est perdu",
    "Tenho o campo vazio, o arquivo foi perdido",
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


@pytest.mark.parametrize("text", [*CRISIS, *THREATENED, *WHAT_IT_IS_OF_TELLS, *NO_WAY_ON, *DEATH_IS_NAMED])
def test_crisis_wording_is_found(reader: Reader, text: str) -> None:
    assert read(reader, text).crisis


@pytest.mark.parametrize("text", [*NO_CRISIS, *IN_JEST, *WHAT_IT_IS_OF_TAKES_BACK, *WORK, *EVERYDAY])
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
    assert not read(reader, "My therapist asked about my ADHD medication").distress_gate


@pytest.mark.parametrize("text", UNWELL)
def test_what_writers_say_of_themselves_is_distress(reader: Reader, text: str) -> None:
    assert read(reader, text).distress >= 0.5


@pytest.mark.parametrize("text", OF_THE_TRADE)
def test_what_is_said_of_things_is_no_distress_though_somebody_says_i(reader: Reader, text: str) -> None:
    assert read(reader, text).distress == 0.0


def test_the_words_that_show_distress_are_those_that_are_said_of_the_writer(reader: Reader) -> None:
    text = "The filter alone is no failure. I feel so lonely and depressed, I cry all day."
    [sign] = signs_in(read(reader, text))
    assert [text[start:end] for start, end in sign.spans] == ["lonely", "depressed", "cry"]


def test_who_tells_at_length_of_nothing_but_themselves_is_heard_without_a_listed_word(reader: Reader) -> None:
    told = (
        "I don't know what to do any more. Everything that I loved is gone, every day is dark and empty, my heart is"
        " broken and I am so tired and sad of it all, and nobody would miss me."
    )
    assert read(reader, told).distress >= 0.5
    assert read(reader, f"{told} Also the compiler crashed again.").distress <= read(reader, told).distress


def test_crisis_wording_stands_outside_of_the_gate_for_distress(reader: Reader) -> None:
    [sign] = signs_in(read(reader, "The compiler fails again on the server, I want to die"))
    assert (sign.crisis, sign.score) == (True, 1.0)


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


def test_the_span_of_a_term_that_ends_its_sentence_holds_no_more_than_the_term(reader: Reader) -> None:
    for text in ("Please make it stop", "Please make it stop.", "Please make it stop, somebody"):
        [span] = read(reader, text).found("crisis")
        assert text[span.start : span.end] == "Please make it stop"


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


@pytest.mark.parametrize(
    "text",
    [
        "I've tried everything and I am about to give up on this",
        "Ich habe langsam die Nase voll von diesem Werkzeug",
        "Llevo horas intentando instalarlo y nada funciona",
        "J'en ai marre, je n'y arrive pas",
        "Já tentei de tudo e nada funciona, eu desisto",
    ],
)
def test_who_is_at_the_end_of_their_patience_is_heard_in_every_language(reader: Reader, text: str) -> None:
    assert read(reader, text).frustration >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Please don't give up on me, it works in the end",
        "The user is fed up with ads",
        "> I'm so frustrated\n\nI see",
        "This was not a waste of time, since now I know more of it",
        "I would say that the old form is completely broken",
        "I think it would be very frustrating for students",
        "Casual users get frustrated by the limit, as I see it",
    ],
)
def test_patience_of_others_and_encouragement_is_not(reader: Reader, text: str) -> None:
    assert read(reader, text).frustration == 0.0


def test_what_is_tiresome_to_the_writer_is_heard(reader: Reader) -> None:
    assert read(reader, "I find it very frustrating that nobody looks at the pull requests").frustration >= 0.5
    assert read(reader, "I'm just totally confused and very frustrated").frustration >= 0.5
    assert read(reader, "I have wasted hours on this").frustration >= 0.5


def test_an_insult_that_the_model_hears_nothing_hostile_in_is_none(reader: Reader) -> None:
    assert read(reader, "You idiot, you are so stupid").hostility >= 0.2
    assert read(reader, "You could say that it grows with the liar paradox, and that you rule it out").hostility == 0.0


def test_a_thanks_in_passing_deserves_no_word(reader: Reader) -> None:
    report = "The release notes list each change of the parser and of the cache, and how you move to them. " * 12
    assert read(reader, f"{report}Thanks to you all.").gratitude == 0.0
    assert read(reader, "Thank you so much! But how do I start it?").gratitude == 0.0
    assert read(reader, "Vielen Dank euch allen, das hat mir sehr geholfen, ihr seid toll!").gratitude > 0.5
    berichtet = "Der Bericht nennt jede Änderung am Parser und wie ihr umsteigt. " * 12
    assert read(reader, f"{berichtet}Danke euch.").gratitude == 0.0


def test_a_thanks_counts_the_more_the_more_is_said_and_only_to_somebody(reader: Reader) -> None:
    long = (
        "Thank you so much for this, your explanation of how the partitions are owned saved my week, and I have"
        " shown it to my whole team since: they all understood it at once."
    )
    assert read(reader, long).gratitude > read(reader, "Thank you!").gratitude > 0
    assert read(reader, "Thanks").gratitude == 0.0


def test_signs_hold_rounded_scores_and_places_and_a_crisis_is_sure(reader: Reader) -> None:
    text = "I want to kill myself"
    [sign] = [sign for sign in signs_in(read(reader, text)) if sign.kind == "distress"]
    assert (sign.score, sign.crisis) == (1.0, True)
    assert [text[start:end] for start, end in sign.spans] == ["kill myself"]
    assert signs_in(read(reader, "The build is green")) == ()
