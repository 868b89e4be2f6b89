"""A message as each service will get it."""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from watcher.domain.catalog import Json
from watcher.domain.letter import Letter
from watcher.domain.news import Notification
from watcher.forms.as_webhook import as_webhook
from watcher.forms.discord import discord
from watcher.forms.fit import command_for
from watcher.forms.google_chat import google_chat
from watcher.forms.incidents import incidents, opsgenie, pagerduty
from watcher.forms.mattermost import mattermost
from watcher.forms.post import Post
from watcher.forms.pushover import pushover
from watcher.forms.slack import slack
from watcher.forms.teams import teams
from watcher.forms.telegram import telegram
from watcher.forms.wecom import wecom
from watcher.text.times import to_iso

Form: TypeAlias = Callable[[Post], Json]


def _pagerduty(post: Post) -> Json:
    return [pagerduty(incident) for incident in incidents(post)]


def _opsgenie(post: Post) -> Json:
    return [opsgenie(incident) for incident in incidents(post)]


FORMS: Mapping[str, tuple[Form, tuple[str, ...]]] = {
    "Slack": (slack, ("slack",)),
    "Microsoft Teams": (teams, ("workflow", "workflows")),
    "Discord": (discord, ("discord",)),
    "Telegram": (telegram, ("tgram",)),
    "Mattermost": (mattermost, ("mmost", "mmosts")),
    "Google Chat": (google_chat, ("gchat",)),
    "WeCom": (wecom, ("wecombot",)),
    "Pushover": (pushover, ("pover",)),
    "PagerDuty": (_pagerduty, ("pagerduty",)),
    "Opsgenie": (_opsgenie, ("opsgenie",)),
    "Webhook": (as_webhook, ("json", "jsons", "http", "https")),
}
"""The services that are sent more than text: the form of a message, and the schemes of their addresses."""
MAIL = ("mailto", "mailtos")


def service_of(scheme: str) -> str | None:
    """Return the service that an address belongs to, None for those that are sent plain text."""
    return next((name for name, (_, schemes) in FORMS.items() if scheme in schemes), None)


def post_of(notification: Notification, letter: Letter) -> Post:
    """Return a message as it is handed to services."""
    return Post(
        title=notification.title,
        body=notification.body,
        letter=letter,
        command=command_for(notification.since or notification.at),
        id="msg_preview",
        at=to_iso(notification.at),
        channel=notification.channel,
        rules=notification.rules,
    )


def payload(service: str, post: Post) -> str:
    """Write what a service is sent as JSON that people can read."""
    form, _ = FORMS[service]
    return json.dumps(form(post), ensure_ascii=False, indent=2)
