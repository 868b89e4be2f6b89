"""A channel or a rule may have templates for its messages; mistakes in them are found before they are needed."""

from pathlib import Path

import pytest

from tests.support.catalogs import START
from watcher.config.load import load
from watcher.domain.delivery import Template
from watcher.domain.errors import ConfigError
from watcher.domain.kinds import Kind
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.messages.template import TemplateError, fill

OWL = notification("team", START, [sample_events(START)[Kind.PRICE_CHANGED]], ["Mine"])


def config(folder: Path, channel: str, rule: str = "") -> Path:
    path = folder / "rules.yaml"
    path.write_text(
        "channels:\n"
        f"  team: {{url: 'console://', {channel}}}\n"
        "rules:\n"
        f"  - {{name: Mine, when: {{event: price.changed}}, notify: team, {rule}}}\n"
        "  - {name: Yours, when: {event: model.*}, notify: team}\n"
    )
    return path


def filled(template: Template) -> tuple[str, str]:
    assert OWL.letter
    return fill(template, OWL.title, OWL.body, OWL.letter)


def test_the_template_of_a_rule_is_for_messages_of_that_rule_alone(tmp_path: Path) -> None:
    found = load(config(tmp_path, "template: {title: '{{ title }}!'}", "template: {body: 'costs $$'}"), {})
    team = found.channels["team"]
    assert team.template_for(["Mine"]) == Template(body="costs $$")
    assert team.template_for(["Yours"]) == team.template_for(["Mine", "Yours"]) == Template("{{ title }}!")


def test_without_templates_a_message_stays_as_it_is(tmp_path: Path) -> None:
    assert load(config(tmp_path, "limit: 9/h"), {}).channels["team"].template_for(["Mine"]) is None


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param(
            Template("{{ severity }}: {{ title }}"), ("warning: " + OWL.title, OWL.body), id="title"
        ),
        pytest.param(
            Template(body="{% for entry in entries %}{{ entry.subject }}\n{% endfor %}{{ footer }}"),
            (OWL.title, "acme/owl-2\nRule: Mine · 2 Nov 2026 08:00 UTC"),
            id="body",
        ),
        pytest.param(
            Template("{{ events[0].kind }}", "{{ events[0].after.prompt }}"),
            ("price.changed", "0.0000015"),
            id="events",
        ),
        pytest.param(Template("a\nb", "c\x1b[2Jd"), ("a b", "c [2Jd"), id="harmless"),
    ],
)
def test_a_template_has_the_message_and_its_parts(template: Template, expected: tuple[str, str]) -> None:
    assert filled(template) == expected


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param("{{ boddy }}", "'boddy' is undefined", id="name"),
        pytest.param("{% for %}", "Expected an expression", id="syntax"),
        pytest.param("{{ ''.__class__.__mro__ }}", "unsafe", id="sandboxed"),
        pytest.param("{{ 1 / 0 }}", "division by zero", id="arithmetic"),
        pytest.param("{{ events[0].nothing.more }}", "has no attribute 'nothing'", id="attribute"),
    ],
)
def test_a_template_with_a_mistake_is_one_line_with_its_place(tmp_path: Path, body: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        filled(Template(body=body))
    with pytest.raises(
        ConfigError, match=rf"2:\d+ channels\.team\.template\.body: cannot be filled in: .*{why}"
    ):
        load(config(tmp_path, f'template: {{body: "{body}"}}').rename(tmp_path / "x.yaml"), {})


def test_a_template_is_tried_on_the_news_that_it_may_get(tmp_path: Path) -> None:
    prices = "{{ events[0].after.prompt }}"
    load(config(tmp_path, "limit: 9/h", f'template: {{body: "{prices}"}}'), {})
    with pytest.raises(ConfigError, match=r"channels\.team\.template\.body"):
        load(config(tmp_path, f'template: {{body: "{prices}"}}'), {})


def test_a_template_that_says_nothing_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is empty; add title or body"):
        load(config(tmp_path, "template: {}"), {})
