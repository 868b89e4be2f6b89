"""In every service's own form, a message of any size and text is within the limits, and remote text is inert."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given

from tests.support.letters import posts
from watcher.forms import incidents
from watcher.forms.as_webhook import as_webhook
from watcher.forms.discord import discord
from watcher.forms.google_chat import google_chat
from watcher.forms.mattermost import mattermost, mattermost_bot
from watcher.forms.paragraphs import utf8, utf16
from watcher.forms.post import Post
from watcher.forms.pushover import pushover
from watcher.forms.slack import slack
from watcher.forms.teams import teams
from watcher.forms.telegram import telegram
from watcher.forms.wecom import wecom

OURS = r"https://openrouter\.ai/[^\s|>)\"<]*"
LIVE = re.compile(
    r"@(?:everyone|here)|<(?:!|@|users/|at>|script|t:)|https?://|:smile:|(?<!\S)#tag|(?<!\S)/stop"
)
MARKDOWN = re.compile(r"```|__under__|~~strike~~|(?<!\S)(?:_it_|~strike~|`code`)(?!\S)")
OF_DISCORD = re.compile(r"\|\||<:")
READ_MARKDOWN = ("slack", "discord", "teams", "mattermost", "mattermost bot", "wecom")


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a payload."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def size(payload: Any) -> int:
    return len(json.dumps(payload, ensure_ascii=False).encode())


def slack_limits(payload: Any) -> Iterator[bool]:
    yield 1 <= len(payload["blocks"][0]["text"]["text"]) <= 150 or not payload["blocks"][0]["text"]["text"]
    blocks = [block for one in payload["attachments"] for block in one["blocks"]]
    yield len(blocks) + len(payload["blocks"]) <= 50
    yield all(utf16(block["text"]["text"]) <= 3000 for block in blocks if block["type"] == "section")
    yield all(utf16(one["text"]) <= 2000 for block in blocks for one in block.get("elements", ()))
    yield utf16(payload["text"]) <= 3000
    yield size(payload) < 60_000


def discord_limits(payload: Any) -> Iterator[bool]:
    embeds = payload["embeds"]
    yield utf16(payload["content"]) <= 2000
    yield 1 <= len(embeds) <= 10
    yield all(utf16(one["title"]) <= 256 and utf16(one["description"]) <= 4096 for one in embeds)
    yield utf16(embeds[-1]["footer"]["text"]) <= 2048
    whole = sum(utf16(one["title"]) + utf16(one["description"]) for one in embeds)
    yield whole + utf16(embeds[-1]["footer"]["text"]) <= 6000


def telegram_limits(payload: Any) -> Iterator[bool]:
    yield utf16(payload["text"]) <= 4096


def teams_limits(payload: Any) -> Iterator[bool]:
    yield size(payload) <= 28_000


def mattermost_limits(payload: Any) -> Iterator[bool]:
    yield sum(map(utf16, texts(payload))) <= 16_383


def google_chat_limits(payload: Any) -> Iterator[bool]:
    yield size(payload) <= 32_000
    yield len(payload["cardsV2"][0]["card"]["sections"]) <= 100


def wecom_limits(payload: Any) -> Iterator[bool]:
    yield utf8(payload["markdown"]["content"]) <= 4096


def pushover_limits(payload: Any) -> Iterator[bool]:
    yield utf16(payload["message"]) <= 1024
    yield utf16(payload["title"]) <= 250
    yield utf16(payload.get("url", "")) <= 512


Limits = Callable[[Any], Iterator[bool]]
FORMS: dict[str, tuple[Callable[[Post], Any], Limits]] = {
    "slack": (slack, slack_limits),
    "discord": (discord, discord_limits),
    "telegram": (telegram, telegram_limits),
    "teams": (teams, teams_limits),
    "mattermost": (mattermost, mattermost_limits),
    "mattermost bot": (mattermost_bot, mattermost_limits),
    "google chat": (google_chat, google_chat_limits),
    "wecom": (wecom, wecom_limits),
    "pushover": (pushover, pushover_limits),
}


@given(post=posts())
@pytest.mark.fault("L10", "Z4")
def test_any_message_fits_its_service_and_remote_text_is_inert(post: Post) -> None:
    for name, (write, limits) in FORMS.items():
        payload = write(post)
        assert all(limits(payload)), name
        are_inert(name, payload)


def are_inert(name: str, payload: Any) -> None:
    for text in texts(payload):
        if not re.fullmatch(r"https?://\S+", text):
            rest = re.sub(OURS, "", text)
            assert LIVE.findall(rest) == []
            assert name not in READ_MARKDOWN or MARKDOWN.findall(rest) == []
            assert name != "discord" or OF_DISCORD.findall(rest) == []


class Tags(HTMLParser):
    """Notes whether tags are closed in the order in which they were opened, and which there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.is_sound = True

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - html.parser's signature
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_sound = self.is_sound and bool(self.open) and self.open.pop() == tag


@given(post=posts())
@pytest.mark.fault("Z4")
def test_tags_are_our_own_and_closed(post: Post) -> None:
    for text in [text for write in (telegram, google_chat, pushover) for text in texts(write(post))]:
        tags = Tags()
        tags.feed(text)
        tags.close()
        is_title = text in {post.title, ""} or "<" not in text
        assert is_title or (tags.is_sound and tags.open == [])
        assert is_title or tags.seen <= {"b", "i", "a", "font"}


@given(post=posts())
@pytest.mark.fault("Z4")
def test_markup_of_slack_is_our_own(post: Post) -> None:
    payload: Any = slack(post)
    for block in (block for one in payload["attachments"] for block in one["blocks"]):
        for text in texts([block.get("text"), block.get("elements")]):
            assert re.findall(r"<(?!https://openrouter\.ai/[^|<>]*\|[^|<>]*>)", text) == []


@given(post=posts())
@pytest.mark.fault("L10", "Z4")
def test_incidents_fit_and_each_key_is_there_once(post: Post) -> None:
    found = incidents.incidents(post)
    assert 1 <= len(found) <= 21
    opened = [one.key for one in found if not one.is_over]
    assert len(opened) == len(set(opened))
    for incident in found:
        page: Any = incidents.pagerduty(incident)
        alert: Any = incidents.opsgenie(incident)
        assert len(incident.key) <= 255
        assert size(page) <= 512_000
        if not incident.is_over:
            assert utf16(page["payload"]["summary"]) <= 1024
            assert utf16(alert["message"]) <= 130
            assert utf16(alert["description"]) <= 15_000
            assert sum(map(utf16, [*alert["details"], *alert["details"].values()])) <= 8000
            assert LIVE.findall(incident.summary) == []


@given(post=posts())
def test_structured_data_is_json_with_every_event(post: Post) -> None:
    written: Any = json.loads(json.dumps(as_webhook(post)))
    assert len(written["data"]["events"]) == len(post.letter.data)
