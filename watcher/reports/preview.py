"""A page that shows a message as each service will show it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from watcher.messages.jinja import compiled

LINK = re.compile(r"&lt;(https://[^|&\s]+(?:&amp;[^|\s]*)?)\|(.*?)&gt;|<(https://[^|>]+)\|([^>]*)>")
BOLD = re.compile(r"\*([^*\n]+)\*")
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
body { margin: 0; padding: 24px; background: #f4f4f5; color: #1d1c1d; font: 15px/1.47 Lato, Arial, sans-serif }
section { max-width: 640px; margin: 0 auto 32px }
h2 { font-size: 13px; font-weight: 600; color: #52525b; margin: 0 0 8px }
.slack, pre, iframe { background: #fff; border: 1px solid #e4e4e7; border-radius: 8px; width: 100%;
  box-sizing: border-box }
.slack { padding: 16px 20px }
.slack header { display: flex; gap: 8px; align-items: baseline }
.slack header b { font-weight: 900 }
.slack small { color: #616061; font-size: 12px }
.slack h3 { font-size: 18px; line-height: 1.33; margin: 4px 0 8px; font-weight: 900 }
.attachment { border-left: 4px solid #ddd; padding: 4px 0 4px 12px; margin: 8px 0; border-radius: 2px }
.attachment p, .slack p { margin: 0; white-space: pre-wrap }
.slack a { color: #1264a3; text-decoration: none }
pre { padding: 16px 20px; overflow-x: auto; font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; margin: 0;
  white-space: pre-wrap; overflow-wrap: anywhere }
iframe { height: {{ height }}px; display: block }
</style>
{% if slack %}
<section id="slack"><h2>Slack</h2><div class="slack">
<header><b>watcher</b> <small>APP &nbsp; 9:00 AM</small></header>
{% for block in slack.blocks %}<h3>{{ block.text.text }}</h3>{% endfor %}
{% for one in slack.attachments %}<div class="attachment" style="border-color: {{ one.color or '#fff' }}">
{% for block in one.blocks %}
{% if block.type == 'context' %}<p><small>{{ shown(block.elements[0].text) }}</small></p>
{% else %}<p>{{ shown(block.text.text) }}</p>{% endif %}
{% endfor %}</div>{% endfor %}
</div></section>
{% endif %}
{% if mail %}<section id="mail"><h2>E-mail</h2><iframe title="The mail" srcdoc="{{ mail }}"></iframe></section>{% endif %}
{% for name, text in texts %}<section><h2>{{ name }}</h2><pre>{{ text }}</pre></section>{% endfor %}
</html>
"""


@dataclass(frozen=True, slots=True)
class Forms:
    """A message as services get it: Slack's payload, the page of a mail, and further ones as text by name."""

    title: str
    slack: Mapping[str, Any] | None = None
    mail: str | None = None
    texts: Sequence[tuple[str, str]] = ()


def preview_page(forms: Forms) -> str:
    """Write the page."""
    fill = compiled(PAGE, escaping=True)
    return fill(
        title=forms.title,
        slack=forms.slack,
        mail=forms.mail,
        texts=forms.texts,
        shown=_Mrkdwn,
        height=900,
    )


class _Mrkdwn:
    """Slack's markup as HTML, which the page takes as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __html__(self) -> str:
        """Return the HTML: Slack's text is escaped but for its links, which are ours."""
        linked = re.sub(
            r"<(https://[^|>]+)\|([^>]*)>",
            lambda found: f'<a href="{escape(found[1])}">{found[2]}</a>',
            self._text,
        )
        return BOLD.sub(r"<b>\1</b>", linked)


def as_json(payload: object) -> str:
    """Write a payload so that people can read it."""
    return json.dumps(payload, ensure_ascii=False, indent=2)
