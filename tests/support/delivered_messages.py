"""What arrived at the receivers, compared with what the store says was due."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from tests.support.receivers import Request
from watcher.delivery.apprise_process import MOST_IDS
from watcher.domain.news import Event
from watcher.messages.lines import describe

REPEAT = "[possible repeat] "


@dataclass(frozen=True)
class DeliveredMessage:
    """A message as it arrived, its text on one line; `ids` are the events that a mail names."""

    title: str
    body: str
    ids: frozenset[str] | None = None

    @property
    def is_marked(self) -> bool:
        return self.title.startswith(REPEAT)

    def tells(self, events: Iterable[Event]) -> frozenset[str]:
        """Return the ids of the events in it; every line of it must be one of them."""
        told = frozenset(event.id for event in events if f"• {flat(describe(event))}" in self.body)
        assert self.body.count("• ") == len(told), f"a line that is no event: {self.body}"
        named = told if self.ids is None else self.ids
        assert named <= told, f"{named} named, {told} told"
        assert len(named) >= min(len(told), MOST_IDS)
        return told


def flat(text: str) -> str:
    return " ".join(text.split())


def by_http(requests: Sequence[Request]) -> list[DeliveredMessage]:
    """Read what Apprise posts to `json://`."""
    said = [json.loads(request.body) for request in requests]
    return [DeliveredMessage(one["title"], flat(one["message"])) for one in said]


def by_mail(mails: Sequence[EmailMessage]) -> list[DeliveredMessage]:
    """Read mails; their text is converted from the HTML."""
    return [
        DeliveredMessage(
            str(mail["Subject"]), _text(mail), frozenset(str(mail["X-Watcher-Event-Id"]).split())
        )
        for mail in mails
    ]


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return flat(re.sub(r"^ *- ", "• ", part.get_content(), flags=re.MULTILINE))


@dataclass(frozen=True)
class Tally:
    """How a channel's messages arrived: which events never did, and how many messages did more than once."""

    lost: frozenset[str]
    repeats: int


def tally(came: Sequence[DeliveredMessage], due: Sequence[Event]) -> Tally:
    """Count; messages that arrived more than once must be equal, and all but one of them marked."""
    told = [arrival.tells(due) for arrival in came]
    times = Counter(told)
    marked = Counter(ids for ids, arrival in zip(told, came, strict=True) if arrival.is_marked)
    assert sum(map(len, times)) == len(frozenset().union(*times)), f"told in other company: {times}"
    for ids, number in times.items():
        assert marked[ids] >= number - 1, f"{number} times, {marked[ids]} of them marked: {ids}"
    lost = {event.id for event in due} - frozenset().union(*times)
    return Tally(frozenset(lost), sum(times.values()) - len(times))
