"""The page of a mail: its template and its colors, in the light and in the dark."""

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "page": "#eef1f5",
    "card": "#ffffff",
    "text": "#1b2430",
    "muted": "#566270",
    "line": "#dfe4ea",
    "link": "#0a53be",
    "better": "#0f6b32",
    "worse": "#b3261e",
    "button": "#0a53be",
    "critical": "#b3261e",
    "warning": "#a84c00",
    "info": "#0a53be",
    "on_color": "#ffffff",
}
DARK: Mapping[str, str] = {
    "page": "#0e1319",
    "card": "#182029",
    "text": "#e8edf3",
    "muted": "#a3b0bf",
    "line": "#2e3946",
    "link": "#86b7ff",
    "better": "#5ad07f",
    "worse": "#ff8f86",
    "button": "#2a6bd4",
    "critical": "#c2352c",
    "warning": "#a65300",
    "info": "#1f5fc4",
    "on_color": "#ffffff",
}

STYLE = """
body{margin:0;padding:24px 8px;background-color:{page};color:{text};
font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%}
.preview{display:none;max-height:0;overflow:hidden}
.card{width:600px;max-width:100%;margin:0 auto;border-collapse:separate;border-spacing:0;
background-color:{card};border:1px solid {line};border-radius:12px;overflow:hidden}
.card td{padding:0 28px;overflow-wrap:anywhere}
.card .bar{padding:9px 28px;font-size:13px;font-weight:700;letter-spacing:.04em;color:{on_color}}
.critical{background-color:{critical}}
.warning{background-color:{warning}}
.info{background-color:{info}}
h1{margin:22px 0 6px;font-size:23px;line-height:1.3;letter-spacing:-.01em}
h2{margin:22px 0 2px;font-size:13px;line-height:1.5;letter-spacing:.06em;
text-transform:uppercase;color:{muted}}
.count{margin:4px 0 6px;font-weight:600}
.card .entry{padding-top:10px;padding-bottom:10px}
.card .next{border-top:1px solid {line}}
a{color:{link}}
.subject{font-weight:600;text-decoration:none}
.better{color:{better};font-weight:600;white-space:nowrap}
.worse{color:{worse};font-weight:600;white-space:nowrap}
.name{font-weight:700;font-size:17px}
.note{margin-top:4px;font-size:14px;color:{muted}}
.trend{font-size:17px;letter-spacing:1px;color:{link}}
code{font:14px ui-monospace,Menlo,Consolas,monospace;white-space:nowrap}
ul{margin:2px 0 0;padding:0 0 0 20px}
img{display:block;width:100%;max-width:544px;height:auto;margin:12px 0 4px;border-radius:8px}
.card .end{padding-top:10px}
.card .action{padding-top:10px;padding-bottom:20px}
.button{display:inline-block;padding:11px 20px;border-radius:8px;background-color:{button};color:{on_color};
font-weight:600;text-decoration:none}
.card .foot{padding-top:16px;padding-bottom:18px;border-top:1px solid {line};font-size:13px;color:{muted}}
"""
NARROW = (
    "@media (max-width:480px){body{padding:0!important}.card{border:0!important;border-radius:0!important}\
.card td{padding-left:16px!important;padding-right:16px!important}h1{font-size:20px!important}\
code{white-space:normal!important}}"
)
IN_THE_DARK = """
:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){
body{background-color:{page}!important;color:{text}!important}
.card{background-color:{card}!important;border-color:{line}!important}
.critical{background-color:{critical}!important}
.warning{background-color:{warning}!important}
.info{background-color:{info}!important}
h2,.note,.foot{color:{muted}!important}
.next,.foot{border-color:{line}!important}
a,.trend{color:{link}!important}
.better{color:{better}!important}
.worse{color:{worse}!important}
.button{background-color:{button}!important;color:{on_color}!important}
}
"""


def _colored(style: str, colors: Mapping[str, str]) -> str:
    for name, color in colors.items():
        style = style.replace("{" + name + "}", color)
    return "".join(style.splitlines())


CSS = _colored(STYLE, LIGHT) + _colored(IN_THE_DARK, DARK) + NARROW

TEMPLATE = """\
{% macro say(text) %}
{% for piece in pieces(text) -%}
{%- if loop.index is even %}<code>{{ words(piece) }}</code>{% else %}{{ words(piece) }}{% endif -%}
{%- endfor %}
{%- endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>{{ words(title) }}</title>
<style>{{ css|safe }}</style>
</head>
<body>
<div class="preview">{{ words(letter.preview) }}{{ "\\u2007\\u034f " * 60 }}</div>
<table class="card" role="presentation" align="center" width="600">
<tr><td class="bar {{ letter.severity }}">{{ letter.severity|capitalize }}</td></tr>
<tr><td><h1>{{ words(title) }}</h1></td></tr>
{% for section in letter.sections %}
<tr><td>
{%- if loop.first or loop.previtem.heading != section.heading -%}
<h2>{{ words(section.heading) }}</h2>
{%- endif %}
{% if section.count %}<p class="count">{{ words(section.count) }}</p>{% endif %}
</td></tr>
{% for entry in section.entries %}
<tr><td class="entry{{ '' if loop.first else ' next' }}">
{% if entry.name and entry.name != entry.subject %}
<div class="name">{{ words(entry.name) }}</div>
{% endif %}
{% for span in entry.spans %}
{% if span.role == "subject" %}
{% if entry.link %}<a class="subject" href="{{ entry.link }}">{{ words(span.text) }}</a>
{%- else %}<b>{{ words(span.text) }}</b>{% endif %}
{% elif span.role == "plain" %}{{ say(span.text) }}
{%- else %}<span class="{{ span.role }}">{{ words(span.text) }}</span>
{%- endif %}
{%- endfor %}
{% for name in entry.names[:most] %}
{{- ", " if not loop.first }}<a class="subject" href="{{ page(name) }}">{{ words(name) }}</a>
{%- endfor %}
{{- " and %d more"|format(entry.names|length - most) if entry.names|length > most }}{{ say(entry.after) }}
{% set is_charted = chart and entry.kind == "price.changed" %}
{% set trend = "" if is_charted else entry.trend %}
{% if trend or entry.notes %}
<div class="note">
{%- if trend %}<span class="trend">{{ words(trend) }}</span> 90&nbsp;days{{ " · " if entry.notes }}{% endif %}
{{- say(entry.notes|join(" · ")) }}</div>
{% endif %}
{% if is_charted %}
<img src="{{ chart }}" width="544" alt="{{ words(alt) }}">
{% endif %}
{% if entry.successors %}
<div class="note">Instead:<ul>
{% for other in entry.successors %}
<li><a class="subject" href="{{ page(other.model) }}">{{ words(other.name or other.model) }}</a>
 ({{ words(other.price) }}{% if other.lost %}; lacks {{ words(other.lost|join(", ")) }}{% endif %})</li>
{% endfor %}
</ul></div>
{% endif %}
</td></tr>
{% endfor %}
{% endfor %}
<tr><td class="end"></td></tr>
{% if only and only.link %}
<tr><td class="action"><a class="button" href="{{ only.link }}">Open on OpenRouter</a></td></tr>
{% endif %}
<tr><td class="foot">
{% for said in letter.more %}{{ say(said) }}<br>{% endfor %}
{{ words(letter.footer) }}</td></tr>
</table>
</body>
</html>
"""
