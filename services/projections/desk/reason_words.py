"""Why a touch is needed, in words for people: a name for each reason, and a sentence."""

from __future__ import annotations

from typing import Final

REASONS: Final = {
    "welcome": "Welcome",
    "unanswered": "Unanswered question",
    "distress": "Not well",
    "heated": "Heated conversation",
    "frustration": "Out of patience",
    "thanks": "A thanks",
    "fading": "Has gone quiet",
    "returning": "Back again",
    "milestone": "Milestone",
    "low-survey": "Low survey score",
    "moderated": "Moderated",
    "farewell": "Farewell",
    "check-in": "Check-in",
    "follow-up": "Follow-up",
    "by-hand": "Asked for by the team",
    "ritual": "Prepared list",
    "out-of-character": "Not as usual",
}
SENTENCES: Final = {
    "welcome": "New here, and nobody of the team has said hello yet.",
    "unanswered": "Asked something, and nobody has answered yet.",
    "distress": "Wrote as somebody may write who is not well. Read it yourself: a machine noticed words, no more.",
    "heated": "Insults fell in this conversation. Read it before you write.",
    "frustration": "Seems to be at the end of their patience.",
    "thanks": "Thanked somebody, or was thanked, in more than a word.",
    "fading": "Used to be here more often, and has been silent for long.",
    "returning": "Is here again after a long silence.",
    "milestone": "Has something to be glad of: a word would do.",
    "low-survey": "Gave a low score in a survey, or a comment that contradicts a better one, and nobody has asked why.",
    "moderated": "Was moderated, and no person has explained it yet.",
    "farewell": "Came often, and has gone.",
    "check-in": "Is here, and nobody of the team has turned to them for long.",
    "follow-up": "Some days ago they were cared for or helped, or somebody promised to come back: how did it go on?",
    "by-hand": "Somebody of the team asks that a human turns to them.",
    "out-of-character": "Is not as they usually are, for days and in more than one way.",
    "ritual": "A list of members, for something that you do. What comes of it is yours to write.",
    "welcome-thread": "Who joined since the last list, for a thread that welcomes them.",
    "spotlight": "Whose answers were accepted, or who was thanked, since the last list, for a word in public.",
    "gathering": "What begins soon and who comes, newcomers first. See that whoever hosts it knows.",
    "first-gathering": "For whom it was the first gathering, for a word after it.",
}
