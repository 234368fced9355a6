from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.policy import Escalation, SoonPatience
from shared.policy.document import Finding
from shared.policy.load import default_policy_text, load_policy

SOUND = """\
organisation: acme
communities: [acme, labs]
hours:
  timezone: UTC
  days:
    monday: ["09:00-12:00", "13:00-17:00"]
    friday: ["22:00-24:00"]
responders:
  - name: anna
    display_name: Anna
    segments: [newcomers]
  - name: ben
    display_name: Ben
segments:
  - name: newcomers
    member_for_less_than_days: 30
"""
CRM = "integrators:\n  - {{name: crm, url: '{}', community: {}}}\n"
KEPT = "retention:\n  communities: [{{community: {}, history_months: {}}}]\n"
BEFORE_RESPONDERS = SOUND[: SOUND.index("responders:")]


def changed(old: str, new: str) -> str:
    assert old in SOUND
    return SOUND.replace(old, new)


def test_a_sound_policy_loads_without_findings() -> None:
    loaded = load_policy(SOUND)
    assert (loaded.errors, loaded.warnings) == ((), ())
    assert loaded.policy is not None
    assert [responder.name for responder in loaded.policy.responders] == ["anna", "ben"]
    assert loaded.policy.segments[0].member_for_less_than_days == 30


def test_the_default_policy_is_sound() -> None:
    loaded = load_policy(default_policy_text())
    assert (loaded.errors, loaded.warnings) == ((), ())
    assert loaded.policy is not None
    assert [segment.name for segment in loaded.policy.segments] == ["newcomers", "members"]
    assert {"welcome", "unanswered", "distress"} <= set(loaded.policy.playbooks)


def test_what_the_default_policy_only_shows_is_sound_too() -> None:
    text = default_policy_text()
    for shown in (
        "holidays: {",
        "closed: [",
        "- name: mentors",
        "  when: member",
        "by_segment:\n",
        "  - {segment: newcomers",
    ):
        assert f"# {shown}" in text
        text = text.replace(f"# {shown}", shown)
    loaded = load_policy(text)
    assert (loaded.errors, loaded.warnings) == ((), ())
    assert loaded.policy is not None
    assert loaded.policy.hours.holidays is not None
    assert loaded.policy.segments[0].when is not None
    assert loaded.policy.rules.unanswered.by_segment != ()
    assert loaded.policy.rules.fading.by_segment != ()


FINDINGS = [
    ("", 1, "the whole file", "empty", "warmline policy default"),
    ("- a\n", 1, "the whole file", "does not begin with a field", "warmline policy default"),
    ("organisation: acme\nhours:\n\ttimezone: UTC\n", 3, "the whole file", "not YAML", "spaces"),
    ("organisation: acme\nx: a: b\n", 2, "the whole file", "not YAML", "quotes"),
    ('organisation: "acme\n\n\n', 1, "the whole file", "not YAML", "quotes"),
    ("organisation: a\x07b\n", 1, "the whole file", "not YAML", "invisible"),
    ("a: &x [1]\nb: *x\n", 2, "the whole file", "alias", "Write it out"),
    ("organisation: !!python/none x\n", 1, "the whole file", "tag", "Remove the tag"),
    ("organisation: a\n---\norganisation: b\n", 2, "the whole file", "single document", "one policy in one file"),
    ("[" * 100_000, 1, "the whole file", "20 deep", "indentation"),
    (changed("communities:", "comunities:"), 2, "comunities", "no field", "Did you mean 'communities'?"),
    (SOUND + "colour: red\n", 17, "colour", "no field", "Known here: communities, escalation, hours"),
    (changed("    monday:", "    mon:"), 6, "hours.days.mon", "no name 'mon'", "Did you mean 'monday'?"),
    (SOUND + "organisation: other\n", 17, "organisation", "already given in line 1", "Keep one"),
    (changed("organisation: acme\n", ""), 1, "organisation", "missing", "Add 'organisation: my-community'"),
    (changed("    display_name: Ben\n", ""), 12, "responders[2].display_name", "missing", "Add 'display_name:"),
    (changed("organisation: acme", "organisation: Acme Inc"), 1, "organisation", "'Acme Inc' does not fit", "a-z, 0-9"),
    (changed("organisation: acme", "organisation: {a: b}"), 1, "organisation", "one value", "own line"),
    (changed("display_name: Ben", 'display_name: " "'), 13, "responders[2].display_name", "empty", "remove the field"),
    (changed("display_name: Ben", r'display_name: "a\0b"'), 13, "responders[2].display_name", "control", "invisible"),
    (changed("Ben", "B" * 301), 13, "responders[2].display_name", "301 characters", "300"),
    (changed("[newcomers]", "newcomers"), 11, "responders[1].segments", "a list", '["newcomers"]'),
    (changed("days: 30", "days: a month"), 16, "segments[1].member_for_less_than_days", "not a number", "4 or 4.5"),
    (changed("days: 30", "days: 0"), 16, "segments[1].member_for_less_than_days", "out of bounds", "more than 0"),
    (SOUND + "limits: {touches: 1.5}\n", 17, "limits.touches", "not a whole number", "1 to 1000"),
    (SOUND + "limits: {touches: 0}\n", 17, "limits.touches", "out of bounds", "1 to 1000"),
    (SOUND + "rules:\n  welcome:\n    enabled: maybe\n", 19, "rules.welcome.enabled", "neither true", "true or false"),
    (SOUND + CRM.format("https://a.example", "labz"), 18, "integrators[1].community", "no community", "'labs'"),
    (SOUND + CRM.format("http://a.example", "labs"), 18, "integrators[1].url", "unencrypted", "https://"),
    (SOUND + CRM.format("ftp://a.example", "labs"), 18, "integrators[1].url", "does not fit", "https://crm"),
    (SOUND + 2 * CRM.format("https://a.example", "labs"), 19, "integrators", "already given in line 17", "Keep one"),
    (SOUND + KEPT.format("labz", 12), 18, "retention.communities[1].community", "no community", "'labs'"),
    (
        SOUND + "retention:\n  communities: [{history_months: 12}]\n",
        18,
        "retention.communities[1].community",
        "missing",
        "Add 'community:",
    ),
    (SOUND + KEPT.format("labs", 0), 18, "retention.communities[1].history_months", "out of bounds", "1 to 1200"),
    (
        SOUND + KEPT.format("labs", "12}, {community: labs, history_months: 3"),
        18,
        "retention.communities[2].community",
        "twice",
        "Leave one",
    ),
    (SOUND + "other_communities: allow\n", 17, "other_communities", "none of the choices", "accept, refuse"),
    (SOUND + "playbooks:\n  welcom: {}\n", 18, "playbooks.welcom", "no name", "Did you mean 'welcome'?"),
    (SOUND + "playbooks:\n  praise: {}\n", 18, "playbooks.praise", "no name", "unanswered, welcome"),
    (changed("timezone: UTC", "timezone: Europe/Berln"), 4, "hours.timezone", "no time zone", "'Europe/Berlin'?"),
    (changed("13:00-17:00", "17:00-13:00"), 6, "hours.days.monday[2]", "ends before it begins", '"17:00-24:00" here'),
    (changed("13:00-17:00", "13:00-13:00"), 6, "hours.days.monday[2]", "ends before it begins", "later"),
    (changed("13:00-17:00", "11:30-17:00"), 6, "hours.days.monday[2]", "overlaps 09:00-12:00", "Join them"),
    (changed("13:00-17:00", "13-17"), 6, "hours.days.monday[2]", "does not fit", "09:00-17:30"),
    (changed("name: ben", "name: anna"), 12, "responders[2].name", "already a responder 'anna' in line 9", "own name"),
    (SOUND + "  - name: newcomers\n", 17, "segments[2].name", "already a segment", "own name"),
    (SOUND + "  - name: everyone\n", 17, "segments[2].name", "reserved", "Choose another name"),
    (changed("[newcomers]", "[newcomer]"), 11, "responders[1].segments[1]", "no segment", "Did you mean 'newcomers'?"),
    (changed("[newcomers]", "[newcomers, newcomers]"), 11, "responders[1].segments[2]", "named twice", "Keep one"),
    (
        changed("    segments: [newc", "    communities: [lab]\n    segments: [newc"),
        11,
        "responders[1].communities[1]",
        "no community 'lab'",
        "Did you mean 'labs'?",
    ),
    (changed("[acme, labs]", "[acme, acme]"), 2, "communities[2]", "named twice", "Keep one"),
    (changed("[acme, labs]", "[]"), 2, "communities", "no community is named", "other_communities: accept"),
    (
        BEFORE_RESPONDERS + "responders: []\n",
        8,
        "responders",
        "no responder",
        "at least one person",
    ),
    (BEFORE_RESPONDERS, 1, "responders", "missing", "Add 'responders:"),
    (
        changed('    monday: ["09:00-12:00", "13:00-17:00"]\n    friday: ["22:00-24:00"]\n', "    monday: []\n"),
        5,
        "hours.days",
        "no day has hours",
        "Name at least one day",
    ),
    (
        changed("    segments:", "    leave: [{first: 2026-12-31, last: 2026-12-24}]\n    segments:"),
        11,
        "responders[1].leave[1].last",
        "before it begins",
        "Exchange",
    ),
    (
        changed("    segments:", "    leave: [{first: 2026-02-30, last: 2026-12-24}]\n    segments:"),
        11,
        "responders[1].leave[1].first",
        "no day 2026-02-30",
        "year, month and day",
    ),
    (changed("UTC", "UTC\n  closed: [2026-02-30]"), 5, "hours.closed[1]", "no day 2026-02-30", "year, month and day"),
    (changed("UTC", "UTC\n  closed: [Monday]"), 5, "hours.closed[1]", "does not fit", "a date such as 2026-12-24"),
    (
        changed("UTC", "UTC\n  holidays: {country: de}"),
        5,
        "hours.holidays.country",
        "does not fit",
        "two letters, such as DE",
    ),
    (changed("UTC", "UTC\n  holidays: {country: UK}"), 5, "hours.holidays.country", "no holidays", "UA, UG"),
    (
        changed("UTC", "UTC\n  holidays: {country: GB, subdivision: Scotland}"),
        5,
        "hours.holidays.subdivision",
        "GB has no part 'Scotland'",
        "ENG, NIR, SCT, WLS",
    ),
    (
        changed("UTC", "UTC\n  holidays: {country: JP, subdivision: '13'}"),
        5,
        "hours.holidays.subdivision",
        "JP has no part '13'",
        "the whole country has the same",
    ),
    (
        SOUND + "    when: member.day > 3\n",
        17,
        "segments[1].when",
        "in 'member.day > 3': there is no 'member.day' (character 1)",
        "Did you mean 'member.days'?",
    ),
    (
        SOUND + "rules:\n  unanswered:\n    by_segment: [{segment: newcommers}]\n",
        19,
        "rules.unanswered.by_segment[1].segment",
        "no segment 'newcommers'",
        "Did you mean 'newcomers'?",
    ),
    (
        SOUND + "rules:\n  fading:\n    by_segment: [{segment: newcomers, assumed_gap_day: 7}]\n",
        19,
        "rules.fading.by_segment[1].assumed_gap_day",
        "no field 'assumed_gap_day'",
        "Did you mean 'assumed_gap_days'?",
    ),
    (
        SOUND + "rules:\n  low_survey:\n    by_segment: [{segment: newcomers, at_most: 11}]\n",
        19,
        "rules.low_survey.by_segment[1].at_most",
        "11 is out of bounds",
        "0 to 10",
    ),
    (
        SOUND + "rules:\n  welcome:\n    by_segment: [{segment: everyone}, {segment: everyone}]\n",
        19,
        "rules.welcome.by_segment[2].segment",
        "named twice in this rule",
        "Join the two",
    ),
    (
        changed("    display_name: Ben", "    display_name: Ben\n    email: ben at home"),
        14,
        "responders[2].email",
        "does not fit",
        "anna@example.org",
    ),
    (
        changed("Anna\n", "Anna\n    identities: [{platform: irc, id: x}]\n").replace(
            "Ben\n", "Ben\n    identities: [{platform: irc, id: x}]\n"
        ),
        15,
        "responders[2].identities[1]",
        "already belongs to 'anna'",
        "one responder",
    ),
    (
        SOUND + "escalation:\n  emergency_contact: {responder: bem}\n",
        18,
        "escalation.emergency_contact.responder",
        "no responder 'bem'",
        "Did you mean 'ben'?",
    ),
    (
        SOUND + "escalation:\n  emergency_contact: {responder: ben, email: on-call@example.org}\n",
        18,
        "escalation.emergency_contact",
        "both a responder and an address",
        "Write either",
    ),
    (
        SOUND + "escalation:\n  emergency_contact: {email_verified: true}\n",
        18,
        "escalation.emergency_contact",
        "is nobody",
        "Write either",
    ),
    (
        SOUND + "escalation: {remind_at_share: 1.5}\n",
        17,
        "escalation.remind_at_share",
        "out of bounds",
        "more than 0 and up to 1",
    ),
    (
        SOUND + "escalation:\n  urgent: {acknowledge_within_hours: 0}\n",
        18,
        "escalation.urgent.acknowledge_within_hours",
        "out of bounds",
        "more than 0",
    ),
]


@pytest.mark.parametrize(("text", "line", "field", "problem", "fix"), FINDINGS)
def test_an_error_names_line_field_and_fix(text: str, line: int, field: str, problem: str, fix: str) -> None:
    loaded = load_policy(text)
    assert loaded.policy is None
    assert [each.line for each in loaded.errors] == sorted(each.line for each in loaded.errors)
    assert any(matches(each, line, field, problem, fix) for each in loaded.errors), loaded.errors


WARNINGS = [
    (
        SOUND + "limits: {care_load: 2}\nrules: {welcome: {by_segment: [{segment: newcomers, care_load: 3}]}}\n",
        17,
        "limits.care_load",
        "weighs 3",
        "rules.welcome.by_segment[1].care_load",
    ),
    (
        SOUND + "escalation:\n  emergency_contact: {email: on-call@example.org}\n",
        18,
        "escalation.emergency_contact.email",
        "until it is verified",
        "email_verified: true",
    ),
    (
        SOUND + "escalation:\n  emergency_contact: {responder: ben}\n",
        18,
        "escalation.emergency_contact.responder",
        "ben has no verified e-mail address",
        "Give ben",
    ),
    (
        changed("    display_name: Ben", "    display_name: Ben\n    email: ben@example.org"),
        14,
        "responders[2].email",
        "until it is verified",
        "email_verified: true",
    ),
    (
        changed("    display_name: Ben", "    display_name: Ben\n    email_verified: yes"),
        14,
        "responders[2].email_verified",
        "no e-mail address",
        "Add 'email:'",
    ),
    (
        SOUND.replace("    member_for_less_than_days: 30\n", "  - name: members\n"),
        16,
        "segments[2]",
        "no member comes this far",
        "to the end",
    ),
    (SOUND + "    member_for_at_least_days: 30\n", 16, "segments[1].member_for_less_than_days", "nobody", "larger"),
    (
        SOUND + "limits: {care_load: 2}\nrules: {unanswered: {care_load: 3}}\n",
        17,
        "limits.care_load",
        "weighs 3",
        "at least 3",
    ),
    (
        changed("    display_name: Ben", "    display_name: Ben\n    segments: [everyone]").replace(
            "[newcomers]", "[everyone]"
        ),
        16,
        "segments[1]",
        "no responder serves the segment 'newcomers'",
        "means all",
    ),
]


@pytest.mark.parametrize(("text", "line", "field", "problem", "fix"), WARNINGS)
def test_a_doubtful_policy_holds_and_is_warned_of(text: str, line: int, field: str, problem: str, fix: str) -> None:
    loaded = load_policy(text)
    assert loaded.policy is not None, loaded.errors
    assert [matches(each, line, field, problem, fix) for each in loaded.warnings] == [True], loaded.warnings


TONE = "tone: {enabled: true}\n"
CONTACT = "escalation:\n  emergency_contact: {email: on-call@example.org, email_verified: true}\n"
CARED_FOR = "playbooks:\n  distress:\n    steps: [Do not do it alone., Call Anna.]\n    turn_to: Anna, by phone.\n"


def test_what_a_crisis_asks_for_is_there_where_tone_is_read() -> None:
    loaded = load_policy(SOUND + TONE + CONTACT + CARED_FOR)
    assert (loaded.errors, loaded.warnings) == ((), ())


@pytest.mark.parametrize(
    ("text", "line", "field", "problem", "fix"),
    [
        (TONE + CARED_FOR, 1, "escalation.emergency_contact", "nobody is told of crisis wording", "Write there"),
        (TONE + CONTACT, 1, "playbooks.distress", "no playbook says", "in 'turn_to:' who decides"),
        (
            TONE + CONTACT + "playbooks: {welcome: {steps: [Hi.]}}\n",
            20,
            "playbooks.distress",
            "no playbook",
            "steps",
        ),
        (
            TONE + CONTACT + "playbooks: {distress: {turn_to: 'Anna, by phone.'}}\n",
            20,
            "playbooks.distress.steps",
            "nothing of what to do",
            "one a line",
        ),
        (
            TONE + CONTACT + CARED_FOR.replace("Call Anna.", "TODO"),
            22,
            "playbooks.distress.steps[2]",
            "this step is still to be written",
            "or remove it",
        ),
        *(
            (
                TONE + CONTACT + CARED_FOR.replace("Anna, by phone.", turn_to),
                line,
                "playbooks.distress.turn_to",
                "who is to be turned to in a crisis is still to be written",
                "reached at any hour",
            )
            for turn_to, line in (("", 23), ('""', 23), ("...", 23), ("TBD", 23), ("xxx", 23), ("Fill in who.", 23))
        ),
    ],
)
def test_where_tone_is_read_what_a_crisis_asks_for_is_missed(
    text: str, line: int, field: str, problem: str, fix: str
) -> None:
    loaded = load_policy(SOUND + text)
    assert loaded.policy is not None, loaded.errors
    assert [matches(each, line, field, problem, fix) for each in loaded.warnings] == [True], loaded.warnings


def test_the_default_policy_says_what_is_still_to_be_written_before_tone_is_read() -> None:
    text = default_policy_text().replace("tone:\n  enabled: false", "tone:\n  enabled: true")
    missed = {warning.field for warning in load_policy(text).warnings}
    assert missed == {"playbooks.distress.turn_to", "escalation.emergency_contact"}


def test_what_an_escalation_does_not_say_has_its_default() -> None:
    loaded = load_policy(SOUND + "escalation: {soon: {acknowledge_within_hours: 1}}\n")
    assert (loaded.errors, loaded.warnings) == ((), ())
    assert loaded.policy is not None
    soon = SoonPatience(acknowledge_within_hours=1.0)
    assert loaded.policy.escalation == replace(Escalation(), soon=soon)
    assert (soon.held_at_most_hours, loaded.policy.escalation.urgent.held_at_most_hours) == (4.0, 0.5)


def test_several_errors_are_found_in_one_go() -> None:
    text = (
        changed("timezone: UTC", "timezone: Mars").replace("name: ben", "name: anna").replace("30", "x") + "colour: x\n"
    )
    assert [error.line for error in load_policy(text).errors] == [4, 12, 16, 17]


@pytest.mark.parametrize("word", ["no", "on", "off", "yes", "1e3", "0x1f", "2026-12-24", "null-island", "12:30"])
def test_words_that_yaml_would_turn_into_something_else_stay_text(word: str) -> None:
    loaded = load_policy(changed("display_name: Ben", f"display_name: {word}"))
    assert loaded.policy is not None
    assert loaded.policy.responders[1].display_name == word


def test_hours_need_no_quotes() -> None:
    assert load_policy(SOUND.replace('"', "")).policy == load_policy(SOUND).policy


def test_a_field_without_a_value_counts_as_left_out() -> None:
    assert load_policy(SOUND + "team:\nlimits:\n").policy == load_policy(SOUND).policy


@given(st.text() | st.text(alphabet=" \n-:[]{}&*!|>'\"#%@?,ab0\t"))
def test_no_text_crashes_the_loader(text: str) -> None:
    loaded = load_policy(text)
    assert (loaded.policy is None) == bool(loaded.errors)


@given(st.data())
def test_no_damage_to_a_policy_crashes_the_loader(data: st.DataObject) -> None:
    lines = SOUND.splitlines(keepends=True)
    place = data.draw(st.integers(min_value=0, max_value=len(lines) - 1))
    lines[place] = data.draw(
        st.sampled_from(
            ["", lines[place] * 2, lines[place].lstrip(), "  " + lines[place], lines[place].replace(":", "")]
        )
        | st.text(max_size=10).map(lambda text: lines[place].rstrip() + text + "\n")
    )
    loaded = load_policy("".join(lines))
    assert (loaded.policy is None) == bool(loaded.errors)


def matches(finding: Finding, line: int, field: str, problem: str, fix: str) -> bool:
    return (finding.line, finding.field) == (line, field) and problem in finding.problem and fix in finding.fix
