"""Remote text is data: no mention, link, markup, template, header, log line or terminal effect comes of it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.programs import configure, finished
from tests.support.receivers import Answer, receiving, receiving_mail
from tests.support.sending import SENT, SLACK, message, send
from tests.support.services import field, form, imitating
from watcher.cli.demo import Stage, serve
from watcher.domain.delivery import Outcome
from watcher.domain.kinds import Kind
from watcher.domain.news import Event, Notification
from watcher.messages.message import notification
from watcher.reports.as_json import written

KEY = "abcdefghij0123456789"
MENTIONS = "<!channel> @here @all @everyone @room @**all** @_**x** <users/all> <at id=all> <@U1> <@&9> "
LINKS = "<https://evil.example|click> [x](https://evil.example) [y](javascript:alert) ![z](https://evil.example/i) "
TEMPLATES = "{{7*7}} ${HOME} $HOME %s%n {0.__class__} {title} :smile: \\n <img onerror=x> <script>"
HOSTILE = MENTIONS + LINKS + TEMPLATES
LIVE = re.compile(r"@(?:here|all|everyone|room|channel|\*|_|U|&)|<(?:!|@|users/|at |https)|\]\(|<script|<img")
STEERING = "\x1b[31mred\x1b[0m \u202egnp \x9b1m\u2028\x07\n2026-01-01T00:00:00Z ERROR forged"


@pytest.mark.parametrize(
    ("address", "answer", "read"),
    [
        pytest.param(SLACK, Answer(), field("attachments", 0, "text"), id="Z4-slack"),
        pytest.param(f"discord://1234567890/{KEY}", Answer(204, b""), field("content"), id="Z4-discord"),
        pytest.param(
            f"tgram://123456789:{KEY}/12315544", Answer(body=b'{"ok": true}'), field("text"), id="Z4-telegram"
        ),
        pytest.param(f"mmosts://chat.example.test/{KEY}", Answer(), field("text"), id="Z4-mattermost"),
        pytest.param(
            f"rockets://{KEY}/{KEY}@chat.example.test", Answer(), field("text"), id="Z4-rocket-chat"
        ),
        pytest.param(f"gchat://{KEY}/{KEY}/{KEY}", Answer(body=b"{}"), field("text"), id="Z4-google-chat"),
        pytest.param(f"lark://{KEY}", Answer(body=b'{"code": 0}'), field("content", "text"), id="Z4-lark"),
        pytest.param(
            f"matrixs://{KEY}@matrix.example.test/!abc:example.test",
            Answer(body=b"{}"),
            field("body"),
            id="Z4-matrix",
        ),
        pytest.param(
            f"zulip://bot@corp/{KEY}abcdefghij01/general",
            Answer(body=b'{"result": "success"}'),
            form("content"),
            id="Z4-zulip",
        ),
        pytest.param(
            f"mailgun://w@example.test/{KEY}/a@example.test",
            Answer(body=b"{}"),
            form("html"),
            id="Z4-mailgun",
        ),
    ],
)
def test_nothing_in_a_message_is_alive(
    address: str,
    answer: Answer,
    read: Callable[[bytes], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with imitating(monkeypatch, tmp_path, answer) as service:
        assert send(address, message("A title", HOSTILE)) == Outcome(SENT)
    text = read(service.requests[-1].body)
    assert LIVE.findall(text) == []
    for literal in ("7*7", "HOME", "__class__", ":smile:"):
        assert literal in text.replace("\\", "")


def told(name: str) -> Notification:
    return notification(
        "team",
        message().notification.at,
        [Event("1", message().notification.at, Kind.MODEL_ADDED, name)],
        ["r"],
    )


def test_a_template_in_remote_text_is_text_in_the_mail_and_in_the_json__Z8_Z4() -> None:
    name = "acme/{{7*7}}${HOME}%s{0.__class__}"
    rendered = told(name)
    with receiving() as server, receiving_mail() as mail:
        for url in (server.url(), mail.url()):
            assert send(url, message(rendered.title, rendered.body, rendered.html)) == Outcome(SENT)
    got = json.loads(server.requests[0].body)
    page = mail.mails[0].get_body(("html",))
    assert page is not None
    assert mail.mails[0]["Subject"] == got["title"] == f"{name} is new"
    assert name in got["message"]
    assert name in page.get_content()


def test_a_header_in_remote_text_is_none__Z4_L21() -> None:
    with receiving_mail() as server:
        assert send(server.url(), message("one\r\nBcc: evil@example.test\r\n\r\nbody")) == Outcome(SENT)
    [mail] = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].split() == ["one", "Bcc:", "evil@example.test", "body"]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the configuration of a watcher that has seen hostile text everywhere."""
    bad = HOSTILE + STEERING
    odd = OWL | {"name": bad, "supported_parameters": [bad], "canonical_slug": bad, "knowledge_cutoff": bad}
    stage = Stage([OWL, FINCH, HERON])
    with serve(stage) as url:
        settings = f'holds: {{details: 0s, capabilities: 0s}}\nsources: {{models: "{url}", feed: "off"}}'
        file = configure(tmp_path_factory.mktemp("record"), url, {"console": "console://"}, settings)
        assert finished(file, "once").returncode == 0
        stage.rows = [odd, FINCH, HERON, OWL | {"id": f"acme/{TEMPLATES}", "name": bad}]
        assert finished(file, "once").returncode == 0
        yield file


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["events"], id="Z4-events"),
        pytest.param(["events", "--json"], id="Z4-events-json"),
        pytest.param(["explain", "acme/owl-2", "--json"], id="Z4-explain-json"),
        pytest.param(["history", "acme/owl-2"], id="Z4-history"),
        pytest.param(["history", "acme/owl-2", "--json"], id="Z4-history-json"),
        pytest.param(["history", "acme/owl-2", "--csv"], id="Z4-history-csv"),
        pytest.param(["explain", "acme/owl-2"], id="Z4-explain"),
        pytest.param(["explain", STEERING], id="Z4-explain-unknown"),
        pytest.param(["outbox"], id="Z4-outbox"),
        pytest.param(["outbox", "--json"], id="Z4-outbox-json"),
        pytest.param(["status"], id="Z4-status"),
        pytest.param(["status", "--json"], id="Z4-status-json"),
        pytest.param(["-v", "--log-format", "plain", "once"], id="Z5-plain"),
        pytest.param(["-v", "--log-format", "json", "once"], id="Z5-json"),
        pytest.param(["-v", "--log-format", "journal", "once"], id="Z5-journal"),
    ],
)
def test_a_terminal_shows_hostile_text_and_does_not_obey_it(record: Path, arguments: list[str]) -> None:
    done = finished(record, *arguments)
    shown = done.stdout + done.stderr
    assert shown
    assert {letter for letter in shown if not letter.isprintable()} <= {"\n"}
    assert not any(line.startswith("2026-01-01") for line in shown.splitlines())


def test_what_machines_read_is_whole_and_steers_no_terminal_either__Z4() -> None:
    said = written({"name": STEERING + " é 😀 \U000e0001"})
    assert said.isprintable()
    assert "é 😀" in said
    assert json.loads(said) == {"name": STEERING + " é 😀 \U000e0001"}
