"""The services that are sent more than plain text: a row for each.

What has no row, and a message without parts, is sent as plain text. So is what goes to an address with a
template of its own: that is then all of the message.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watcher.delivery.replies import Changed, Reshape
from watcher.domain.catalog import Json
from watcher.forms import incidents
from watcher.forms.as_webhook import as_webhook
from watcher.forms.discord import discord
from watcher.forms.google_chat import google_chat
from watcher.forms.incidents import Incident
from watcher.forms.mattermost import mattermost, mattermost_bot
from watcher.forms.post import Post, Tone
from watcher.forms.pushover import pushover
from watcher.forms.slack import slack
from watcher.forms.teams import teams
from watcher.forms.telegram import telegram
from watcher.forms.wecom import wecom

PINGS = "\N{WHITE RIGHT POINTING BACKHAND INDEX}"  # where Apprise writes whom a Discord address pings
Payload = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of messages: `write` returns what takes the place of the text, which Apprise has under `holds`.

    A payload without that key is left alone; of the others, the keys in `drops` are left out. `amend` puts
    in what the address has put into the text.
    """

    holds: str
    write: Callable[[Post], Payload]
    drops: frozenset[str] = frozenset()
    amend: Callable[[Payload, Payload], Payload] = lambda written, _payload: written

    def reshaped(self, payload: Payload, post: Post) -> Payload:
        """Return the payload in this form; what the address chose, such as a channel, stays."""
        kept = {key: value for key, value in payload.items() if key not in self.drops}
        return {**kept, **self.amend(self.write(post), payload)}


@dataclass(frozen=True, slots=True)
class IncidentForm:
    """How a service is told to open an incident, and to resolve it."""

    holds: str
    change: Callable[[Any, Payload, Incident], Changed]


@dataclass(frozen=True, slots=True)
class Service:
    """What a service takes: forms of messages, of which the first that fits is used, or incidents.

    `room` is how many bytes of plain text it takes, where Apprise believes something else; `prepare` sets
    what follows from the tone, unless the address says it.
    """

    forms: tuple[Form, ...] = ()
    incidents: IncidentForm | None = None
    room: int | None = None
    prepare: Callable[[Any, Post], None] = lambda _target, _post: None


def _pinging(written: Payload, payload: Payload) -> Payload:
    """Ping at Discord whom the address pings."""
    text = str(payload.get("content", ""))
    if not payload.get("allow_mentions") or PINGS not in text:
        return written
    content = f"{written['content']}\n{text[text.rindex(PINGS) :]}"
    return {**written, "content": content, "allowed_mentions": payload["allow_mentions"]}


NTFY: Mapping[Tone, tuple[str, str]] = {
    Tone.CRITICAL: ("high", "rotating_light"),
    Tone.WARNING: ("default", "warning"),
    Tone.INFO: ("low", "information_source"),
    Tone.RECOVERED: ("default", "white_check_mark"),
}
"""Priorities and tags, which ntfy shows as pictures before the title."""
PUSHOVER: Mapping[Tone, int] = {Tone.CRITICAL: 1, Tone.WARNING: 0, Tone.INFO: -1, Tone.RECOVERED: 0}
"""Priorities: above 0 is shown in quiet hours, below makes no sound; 2 would have to be confirmed."""
UNUSED = frozenset({"allow_mentions"})  # no key of Discord's
USUAL_PRIORITY = 3  # of an Opsgenie address that says nothing of it


def _prepare_ntfy(target: Any, post: Post) -> None:  # noqa: ANN401 - Apprise's own classes
    priority, tag = NTFY[post.tone]
    if target.priority == "default":
        target.priority = priority
    vars(target)["_NotifyNtfy__tags"] = vars(target)["_NotifyNtfy__tags"] or [tag]
    target.click = target.click or post.page


def _prepare_pushover(target: Any, post: Post) -> None:  # noqa: ANN401 - see above
    target.priority = target.priority or PUSHOVER[post.tone]


def _pagerduty(target: Any, payload: Payload, incident: Incident) -> Changed:  # noqa: ANN401 - see above
    """Open or resolve an incident at PagerDuty; what the address says comes first."""
    ours = incidents.pagerduty(incident)
    kept: dict[str, Json] = {"routing_key": payload["routing_key"]}
    if target.dedup:
        ours["dedup_key"] = target.dedup
    if incident.is_over:
        return Changed(ours | kept)
    theirs, inner = payload["payload"], ours["payload"]
    if not isinstance(theirs, Mapping) or not isinstance(inner, Mapping):
        return Changed(payload)
    chosen = {key: theirs[key] for key in ("group", "class") if key in theirs}
    chosen |= {"severity": target.severity} if target.severity else {}
    usual = target.template_tokens
    chosen["source"] = "watcher" if target.source == usual["source"]["default"] else target.source
    chosen |= {"component": target.component} if target.component != usual["component"]["default"] else {}
    details = {**dict(inner["custom_details"]), **target.details}  # type: ignore[arg-type]
    links = payload.get("links") or ours["links"]
    return Changed(
        {**payload, **ours, "payload": {**inner, **chosen, "custom_details": details}, "links": links}
    )


def _opsgenie(target: Any, payload: Payload, incident: Incident) -> Changed:  # noqa: ANN401 - see above
    """Open an alert at Opsgenie, or close the one with the same alias."""
    ours, alias = incidents.opsgenie(incident), target.alias or incident.key
    if incident.is_over:
        kept = {key: payload[key] for key in ("source", "user") if key in payload}
        return Changed({**kept, **ours}, f"/{quote(alias, safe='')}/close?identifierType=alias")
    chosen: dict[str, Json] = {"alias": alias, "details": {**incident.details, **target.details}}
    if target.priority != USUAL_PRIORITY:
        chosen["priority"] = payload["priority"]
    return Changed({**payload, **ours, **chosen})


SERVICES: Mapping[str, Service] = {
    "Slack": Service((Form("attachments", slack, frozenset({"mrkdwn"})),)),
    "Discord": Service(
        (
            Form("content", discord, UNUSED, _pinging),
            Form("embeds", discord, UNUSED),
        )
    ),
    "Telegram": Service((Form("text", telegram, frozenset({"disable_web_page_preview"})),)),
    "Power Automate / Workflows (for MSTeams)": Service((Form("attachments", teams),), room=20_000),
    "Mattermost": Service((Form("text", mattermost), Form("message", mattermost_bot))),
    "Google Chat": Service((Form("text", google_chat, frozenset({"text"})),)),
    "WeCom Bot": Service((Form("text", wecom, frozenset({"text"})),)),
    "ntfy": Service(room=4096, prepare=_prepare_ntfy),  # it makes a file of more
    "Pushover": Service((Form("message", pushover),), prepare=_prepare_pushover),
    "Pager Duty": Service(incidents=IncidentForm("payload", _pagerduty)),
    "Opsgenie": Service(incidents=IncidentForm("message", _opsgenie)),
}
"""By the name that Apprise has for the service."""
PLAIN = Service()


def service_of(target: Any) -> Service:  # noqa: ANN401 - see above
    """Return the row of a target's service."""
    return SERVICES.get(str(target.service_name), PLAIN)


def room_of(target: Any) -> int:  # noqa: ANN401 - see above
    """Return how much plain text a service takes, as `compose` counts it."""
    return service_of(target).room or int(target.body_maxlen)


def reshapes(target: Any, post: Post) -> list[Reshape | None]:  # noqa: ANN401 - see above
    """Return a way to reshape what Apprise sends for each request that the message takes."""
    service, is_own = service_of(target), bool(getattr(target, "template", None))
    if str(target.service_name) == "JSON":
        return [lambda payload: Changed({**as_webhook(post), **payload})]
    if is_own or not post.has_parts:
        return [None]
    service.prepare(target, post)
    if service.incidents:
        return [_incident(target, service.incidents, incident) for incident in incidents.incidents(post)]
    return [lambda payload: _formed(service.forms, payload, post)]


def _formed(forms: tuple[Form, ...], payload: Payload, post: Post) -> Changed | None:
    form = next((form for form in forms if form.holds in payload), None)
    return Changed(form.reshaped(payload, post)) if form else None


def _incident(target: Any, form: IncidentForm, incident: Incident) -> Reshape:  # noqa: ANN401 - see above
    return lambda payload: form.change(target, payload, incident) if form.holds in payload else None
