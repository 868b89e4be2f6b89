"""A page that shows a message as Slack and a mail program will, and what other services are sent."""

import json
import re
from base64 import b64encode
from html import escape

from watcher.delivery.mail import picture
from watcher.forms.jinja import compiled
from watcher.forms.mail_html import html
from watcher.forms.post import Post
from watcher.forms.slack import slack
from watcher.reports.preview import FORMS, payload

LINK = re.compile(r"<(https://[^|>]+)\|([^>]*)>")
BOLD = re.compile(r"\*([^*\n]+)\*")
MAIL_HEIGHT, MOST_HEIGHT = 320, 2400  # pixels: without entries, and at most
ENTRY_HEIGHT, CHART_HEIGHT = 130, 420
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
  body { margin: 0; padding: 24px; background: #f4f4f5; color: #1d1c1d;
    font: 15px/1.47 Lato, "Helvetica Neue", Arial, sans-serif }
  section { max-width: 640px; margin: 0 auto 32px }
  h2 { font-size: 13px; font-weight: 600; color: #52525b; margin: 0 0 8px }
  .card, pre, iframe { background: #fff; border: 1px solid #e4e4e7; border-radius: 8px;
    width: 100%; box-sizing: border-box; margin: 0 }
  .card { padding: 14px 20px 16px; display: grid; grid-template-columns: 36px 1fr; gap: 0 10px }
  .face { width: 36px; height: 36px; border-radius: 6px; background: #1b2430; color: #fff;
    font: 700 19px/36px Arial, sans-serif; text-align: center }
  .who b { font-weight: 900 }
  small { color: #616061; font-size: 12px }
  h3 { font-size: 18px; line-height: 1.33; margin: 4px 0 8px; font-weight: 900 }
  .part { border-left: 4px solid; border-radius: 2px; padding: 2px 0 2px 12px; margin: 8px 0 }
  .last { margin: 8px 0 0 }
  p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
  a { color: #1264a3; text-decoration: none }
  pre { padding: 14px 20px; white-space: pre-wrap; overflow-wrap: anywhere;
    font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace }
  iframe { display: block; height: {{ height }}px }
</style>
</head>
<body>
<section id="slack">{% if not is_slack_only %}<h2>Slack</h2>{% endif %}
<div class="card"><div class="face">w</div><div>
<div class="who"><b>watcher</b> <small>APP</small></div>
{% for block in slack.blocks %}<h3>{{ mrkdwn(block.text.text) }}</h3>{% endfor %}
{% for one in slack.attachments %}
<div class="{{ 'part' if one.color is defined else 'last' }}"
  style="border-color: {{ one.color | default('#fff') }}">
{% for block in one.blocks %}
{% if block.type == "context" %}<p><small>{{ mrkdwn(block.elements[0].text) }}</small></p>
{% else %}<p>{{ mrkdwn(block.text.text) }}</p>{% endif %}
{% endfor %}
</div>
{% endfor %}
</div></div></section>
{% if not is_slack_only %}
<section id="mail"><h2>E-mail</h2><iframe title="The mail" srcdoc="{{ mail }}"></iframe></section>
<section><h2>Text, as in a mail's plain part and in a log</h2><pre>{{ title }}

{{ body }}</pre></section>
{% for name, text in payloads %}
<section><h2>{{ name }} is sent</h2><pre>{{ text }}</pre></section>
{% endfor %}
{% endif %}
</body>
</html>
"""


class _Html(str):
    """Text that is HTML already, so that templates take it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return itself."""
        return self


def preview_page(post: Post, *, is_slack_only: bool = False) -> str:
    """Write the page of a message, for every service or for Slack alone."""
    height = min(MAIL_HEIGHT + ENTRY_HEIGHT * len(post.letter.entries), MOST_HEIGHT)
    height += CHART_HEIGHT if post.letter.chart else 0
    return compiled(PAGE, escaping=True)(
        title=post.title,
        body=post.body,
        slack=json.loads(json.dumps(slack(post))),
        mail=mail_page(post),
        payloads=[(name, payload(name, post)) for name in FORMS],
        height=height,
        mrkdwn=_mrkdwn,
        is_slack_only=is_slack_only,
    )


def mail_page(post: Post) -> str:
    """Write the page of a mail, with the picture of the price inside."""
    drawn = picture(post.letter)
    chart = f"data:image/png;base64,{b64encode(drawn).decode()}" if drawn else None
    return html(post.title, post.letter, chart)


def _mrkdwn(text: str) -> _Html:
    """Write Slack's markup as HTML: its text is escaped already, and its links are ours."""
    linked = LINK.sub(lambda found: f'<a href="{escape(found[1])}">{found[2]}</a>', text)
    return _Html(BOLD.sub(r"<b>\1</b>", linked))
