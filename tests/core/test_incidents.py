from datetime import timedelta

import pytest

from tests.support.catalogs import START
from watcher.domain.catalog import Json
from watcher.domain.kinds import Kind
from watcher.domain.letter import Entry, Letter, Section, Span
from watcher.domain.news import Notification
from watcher.forms.as_webhook import as_webhook, key_of, message_id, signature
from watcher.forms.incidents import MOST, incidents, opsgenie, pagerduty
from watcher.forms.post import ENDS, Post, Tone
from watcher.forms.telegram import telegram
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.messages.trial import trial

NEWS = sample_events(START)


def post_of(message: Notification) -> Post:
    assert message.letter
    return Post(title=message.title, body=message.body, letter=message.letter)


def told(*kinds: Kind) -> Post:
    return post_of(notification("team", START, [NEWS[kind] for kind in kinds], ["r"]))


@pytest.mark.parametrize(("end", "begin"), ENDS.items())
def test_what_is_over_resolves_the_incident_that_its_beginning_opened(end: Kind, begin: Kind) -> None:
    [opened] = incidents(told(begin))
    [resolved] = incidents(told(end))
    assert (opened.is_over, resolved.is_over) == (False, True)
    assert opened.key.rpartition(":")[0] == resolved.key.rpartition(":")[0]
    assert pagerduty(resolved) == {"event_action": "resolve", "dedup_key": resolved.key}
    assert opsgenie(resolved).keys() == {"note"}


def test_a_reminder_updates_the_incident_that_the_announcement_opened() -> None:
    [announced], [reminded] = (
        incidents(told(kind)) for kind in (Kind.EXPIRATION_ANNOUNCED, Kind.EXPIRATION_REMINDER)
    )
    assert announced.key == reminded.key == "watcher:expiration.announced:wetland/heron-large"


def test_of_a_trouble_and_its_end_in_one_message_only_the_end_counts() -> None:
    failing = NEWS[Kind.SOURCE_FAILING]
    over = sample_events(START + timedelta(hours=1))[Kind.SOURCE_RECOVERED]
    [incident] = incidents(post_of(notification("team", START, [failing, over], ["r"])))
    assert incident.is_over


def test_what_happened_before_is_not_what_an_incident_says_though_it_is_told_last() -> None:
    later = sample_events(START + timedelta(hours=1))[Kind.EXPIRATION_REMINDER]
    moved = NEWS[Kind.EXPIRATION_MOVED]
    [incident] = incidents(post_of(notification("team", START, [moved, later], ["r"])))
    assert incident.kind == Kind.EXPIRATION_REMINDER


def test_many_models_of_one_line_have_an_incident_each() -> None:
    day = NEWS[Kind.EXPIRATION_ANNOUNCED]
    leaving = [type(day)(f"{n}", START, day.kind, f"acme/owl-{n}", None, day.after) for n in range(5)]
    found = incidents(post_of(notification("team", START, leaving, ["r"])))
    assert [one.key for one in found] == [f"watcher:expiration.announced:acme/owl-{n}" for n in range(5)]


def test_beyond_twenty_one_incident_stands_for_the_rest() -> None:
    found = incidents(told(*Kind))
    assert len(found) == MOST
    assert found[-1].key == "watcher:more"


def test_a_test_is_opened_and_resolved_at_once() -> None:
    opened, resolved = incidents(post_of(trial("team", START)))
    assert opened.summary.startswith("Test: ")
    assert (opened.key, resolved.key) == ("watcher:test", "watcher:test")
    assert (opened.is_over, resolved.is_over) == (False, True)


def test_a_message_that_only_counts_is_one_incident() -> None:
    letter = Letter("info", "", (Section("Prices", (), "9 models changed price"),), "")
    [incident] = incidents(Post(title="9 models changed price", body="", letter=letter))
    assert incident.key == "watcher:message"


@pytest.mark.parametrize(
    ("kinds", "tone"),
    [
        ((Kind.SOURCE_RECOVERED,), Tone.RECOVERED),
        ((Kind.SOURCE_RECOVERED, Kind.MODEL_ADDED), Tone.INFO),
        ((Kind.MODEL_ADDED, Kind.PRICE_CHANGED), Tone.WARNING),
        ((Kind.PRICE_CHANGED, Kind.SOURCE_FAILING), Tone.CRITICAL),
    ],
)
def test_the_tone_is_that_of_the_most_urgent(kinds: tuple[Kind, ...], tone: Tone) -> None:
    assert told(*kinds).tone is tone


def test_a_message_about_one_model_opens_its_page() -> None:
    assert told(Kind.PRICE_CHANGED).page == "https://openrouter.ai/acme/owl-2"
    assert told(Kind.PRICE_CHANGED, Kind.MODEL_ADDED).page is None


def test_a_body_of_ones_own_takes_no_other_form() -> None:
    letter = told(Kind.PRICE_CHANGED).letter
    assert Post(title="", body="", letter=letter).has_parts
    assert not Post(title="", body="", letter=letter, is_plain=True).has_parts
    assert not Post(title="", body="", letter=Letter("info", "", (), "")).has_parts


def test_an_id_depends_on_the_channel_and_the_events_alone() -> None:
    assert message_id("team", ["a", "b"]) == message_id("team", ["b", "a", "a"])
    assert len({message_id("team", ["a"]), message_id("ops", ["a"]), message_id("team", ["b"])}) == 3


def test_a_secret_is_text_or_base64() -> None:
    assert (key_of("any text"), key_of("whsec_YWJj")) == (b"any text", b"abc")
    with pytest.raises(ValueError, match="does not have base64 after whsec_"):
        key_of("whsec_?")


def test_an_event_without_a_line_is_sent_to_a_webhook_all_the_same() -> None:
    entry = Entry("price.changed", "warning", "a/b", (Span("a/b"),), events=("1",))
    facts: Json = {"lasted": 60.0, "record": "highest since May"}
    lineless: dict[str, Json] = {"type": "event", "id": "2", "facts": facts}
    letter = Letter(
        "warning", "", (Section("Prices", (entry,)),), "", data=({"type": "event", "id": "1"}, lineless)
    )
    said = as_webhook(Post(title="", body="", letter=letter))["data"]
    assert isinstance(said, dict)
    assert said["events"] == [{"id": "1", "severity": "warning", "text": "a/b"}, {"id": "2", "lasted": 60.0}]


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_heading_without_lines_is_left_out() -> None:
    entry = Entry("price.changed", "warning", "a/b", (Span("a/b"),))
    sections = (Section("Prices", ()), Section("New models", (entry,)))
    post = Post(title="a/b", body="", letter=Letter("warning", "", sections, "Rule: r"))
    assert "Prices" not in str(telegram(post)["text"])


def test_what_has_no_room_is_counted() -> None:
    entries = tuple(Entry("price.changed", "warning", "a/b", (Span(f"{n} " + "x" * 400),)) for n in range(50))
    letter = Letter("warning", "", (Section("Prices", entries),), "Rule: r")
    text = str(telegram(Post(title="a/b", body="", letter=letter))["text"])
    shown = text.count("x" * 400)
    assert f"… and {50 - shown} more; see `watcher events`" in text


def test_a_hint_that_has_no_room_is_put_shortly() -> None:
    entry = Entry("price.changed", "warning", "a/b", (Span("a/b"),))
    letter = Letter("warning", "", (Section("Prices", (entry,)),), "Rule: r", ("x" * 5000,))
    text = str(telegram(Post(title="a/b", body="", letter=letter))["text"])
    assert "… and more; see `watcher events`" in text
