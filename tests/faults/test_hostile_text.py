"""Remote text is data: it never becomes a mention, link, markup, template, header, log line or terminal control."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.fork_server import ForkServer
from tests.support.imitated_services import field, form, imitated_services
from tests.support.receivers import Answer, receiving, receiving_mail
from tests.support.send_one import SENT, SLACK, message, send
from tests.support.watcher_process import configure
from watcher.cli.demo import Stage, serve
from watcher.domain.delivery import Outcome
from watcher.domain.kinds import Kind
from watcher.domain.news import Event, Notification
from watcher.messages.message import notification
from watcher.reports.as_json import written

KEY = "abcdefghij0123456789"
MENTIONS = "<!channel> @here @all @everyone @room @**all** @_**x** <users/all> <at id=all> <@U1> <@&9> "
LINKS = "<https://evil.example|click> [x](https://evil.example) [y](javascript:alert) ![z](https://evil.example/i) "
BARE = "http://evil.example/x ops@evil.example www.evil.example x:free: a:b:thinking: :-) #tag /stop "
TEMPLATES = "{{7*7}} ${HOME} $HOME %s%n {0.__class__} {title} :smile: \\n <img onerror=x> <script>"
HOSTILE = MENTIONS + LINKS + BARE + TEMPLATES
LIVE = re.compile(
    r"@(?:here|all|everyone|room|channel|evil|\*|_|U|&)|<(?:!|@|users/|at |https)|\]\(|<script|<img"
    r"|evil\\?\.example|https?://|:[\w-]+:|:-\)|#tag|/stop"
)
OUR_LINK = "https://openrouter.ai/acme/owl:free"
STEERING = "\x1b[31mred\x1b[0m \u202egnp \x9b1m\u2028\x07\n2026-01-01T00:00:00Z ERROR forged"


@pytest.mark.parametrize(
    ("address", "answer", "read"),
    [
        pytest.param(SLACK, Answer(), field("attachments", 0, "text"), id="slack"),
        pytest.param(f"discord://1234567890/{KEY}", Answer(204, b""), field("content"), id="discord"),
        pytest.param(
            f"tgram://123456789:{KEY}/12315544", Answer(body=b'{"ok": true}'), field("text"), id="telegram"
        ),
        pytest.param(f"mmosts://chat.example.test/{KEY}", Answer(), field("text"), id="mattermost"),
        pytest.param(f"rockets://{KEY}/{KEY}@chat.example.test", Answer(), field("text"), id="rocket-chat"),
        pytest.param(f"gchat://{KEY}/{KEY}/{KEY}", Answer(body=b"{}"), field("text"), id="google-chat"),
        pytest.param(f"lark://{KEY}", Answer(body=b'{"code": 0}'), field("content", "text"), id="lark"),
        pytest.param(
            f"matrixs://{KEY}@matrix.example.test/!abc:example.test",
            Answer(body=b"{}"),
            field("body"),
            id="matrix",
        ),
        pytest.param(
            f"zulip://bot@corp/{KEY}abcdefghij01/general",
            Answer(body=b'{"result": "success"}'),
            form("content"),
            id="zulip",
        ),
        pytest.param(
            f"mailgun://w@example.test/{KEY}/a@example.test",
            Answer(body=b"{}"),
            form("html"),
            id="mailgun",
        ),
        pytest.param("ntfys://ntfy.example.test/topic", Answer(body=b"{}"), field("message"), id="ntfy"),
    ],
)
@pytest.mark.fault("Z4", "V8")
def test_nothing_in_a_message_is_interpreted(
    address: str,
    answer: Answer,
    read: Callable[[bytes], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with imitated_services(monkeypatch, tmp_path, answer) as service:
        assert send(address, message("A title", f"{HOSTILE}\n  {OUR_LINK}")) == Outcome(SENT)
    text = read(service.requests[-1].body)
    plain = text.replace("\\", "").replace("\u200b", "")
    assert plain.count(OUR_LINK) == 1
    assert LIVE.findall(text.replace("\\", "").replace(OUR_LINK, "")) == []
    for literal in ("7*7", "HOME", "__class__", ":smile:", "http://evil.example/x", "x:free:"):
        assert literal in plain


def told(name: str) -> Notification:
    return notification(
        "team",
        message().notification.at,
        [Event("1", message().notification.at, Kind.MODEL_ADDED, name)],
        ["r"],
    )


@pytest.mark.fault("Z8", "Z4")
def test_a_template_in_remote_text_stays_text_in_mail_and_json() -> None:
    name = "acme/{{7*7}}${HOME}%s{0.__class__}"
    rendered = told(name)
    with receiving() as server, receiving_mail() as mail:
        for url in (server.url(), mail.url()):
            assert send(url, message(rendered.title, rendered.body, letter=rendered.letter)) == Outcome(SENT)
    got = json.loads(server.requests[0].body)
    page = mail.mails[0].get_body(("html",))
    assert page is not None
    assert mail.mails[0]["Subject"] == got["title"] == f"{name} is new"
    assert name in got["message"]
    assert name in page.get_content()


@pytest.mark.fault("Z4", "L21")
def test_a_header_in_remote_text_does_not_become_one() -> None:
    with receiving_mail() as server:
        assert send(server.url(), message("one\r\nBcc: evil@example.test\r\n\r\nbody")) == Outcome(SENT)
    [mail] = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].split() == ["one", "Bcc:", "evil@example.test", "body"]


@pytest.fixture(scope="module")
def record(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the configuration of a watcher that has seen hostile text everywhere."""
    bad = HOSTILE + STEERING
    odd = OWL | {"name": bad, "supported_parameters": [bad], "canonical_slug": bad, "knowledge_cutoff": bad}
    stage = Stage([OWL, FINCH, HERON])
    with serve(stage) as url:
        settings = f'holds: {{details: 0s, capabilities: 0s}}\nsources: {{models: "{url}", feed: "off"}}'
        file = configure(tmp_path_factory.mktemp("record"), url, {"console": "console://"}, settings)
        assert forks.finished("--config", file, "once").returncode == 0
        stage.rows = [odd, FINCH, HERON, OWL | {"id": f"acme/{TEMPLATES}", "name": bad}]
        assert forks.finished("--config", file, "once").returncode == 0
        yield file


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["events"], id="events", marks=pytest.mark.fault("Z4")),
        pytest.param(["events", "--json"], id="events-json", marks=pytest.mark.fault("Z4")),
        pytest.param(["explain", "acme/owl-2", "--json"], id="explain-json", marks=pytest.mark.fault("Z4")),
        pytest.param(["history", "acme/owl-2"], id="history", marks=pytest.mark.fault("Z4")),
        pytest.param(["history", "acme/owl-2", "--json"], id="history-json", marks=pytest.mark.fault("Z4")),
        pytest.param(["history", "acme/owl-2", "--csv"], id="history-csv", marks=pytest.mark.fault("Z4")),
        pytest.param(["explain", "acme/owl-2"], id="explain", marks=pytest.mark.fault("Z4")),
        pytest.param(["explain", STEERING], id="explain-unknown", marks=pytest.mark.fault("Z4")),
        pytest.param(["outbox"], id="outbox", marks=pytest.mark.fault("Z4")),
        pytest.param(["outbox", "--json"], id="outbox-json", marks=pytest.mark.fault("Z4")),
        pytest.param(["status"], id="status", marks=pytest.mark.fault("Z4")),
        pytest.param(["status", "--json"], id="status-json", marks=pytest.mark.fault("Z4")),
        pytest.param(["-v", "--log-format", "plain", "once"], id="plain", marks=pytest.mark.fault("Z5")),
        pytest.param(["-v", "--log-format", "json", "once"], id="json", marks=pytest.mark.fault("Z5")),
        pytest.param(["-v", "--log-format", "journal", "once"], id="journal", marks=pytest.mark.fault("Z5")),
    ],
)
def test_a_terminal_shows_hostile_text_without_obeying_it(
    forks: ForkServer, record: Path, arguments: list[str]
) -> None:
    done = forks.finished("--config", record, *arguments)
    shown = done.stdout + done.stderr
    assert shown
    assert {letter for letter in shown if not letter.isprintable()} <= {"\n"}
    assert not any(line.startswith("2026-01-01") for line in shown.splitlines())


@pytest.mark.fault("Z4")
def test_json_output_is_complete_and_controls_no_terminal_either() -> None:
    said = written({"name": STEERING + " é 😀 \U000e0001"})
    assert said.isprintable()
    assert "é 😀" in said
    assert json.loads(said) == {"name": STEERING + " é 😀 \U000e0001"}


NAMES = ("http://evil.example/x", "ops@evil.example", "x:free:", ":thinking:", "www.evil.example/a")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.fault("V8", "Z6")
def test_a_model_named_like_a_link_or_an_emoji_is_neither_in_mail_nor_in_a_chat(name: str) -> None:
    rendered = told(name)
    said = message(rendered.title, rendered.body, letter=rendered.letter)
    with receiving() as server, receiving_mail() as mail:
        for url in (server.url(), mail.url()):
            assert send(url, said) == Outcome(SENT)
    got = json.loads(server.requests[0].body)
    [sent] = mail.mails
    parts = [part.get_content() for kind in ("html", "plain") if (part := sent.get_body((kind,)))]
    assert len(parts) == 2
    for shown in (got["title"], got["message"], *parts):
        ours = re.sub(r"https://openrouter\.ai/[^\s\"<]*", "", shown.removeprefix("<!DOCTYPE html>"))
        assert name in ours.replace("\u200b", "")
        assert LIVE.findall(ours) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.fault("V8")
def test_a_terminal_finds_no_link_in_the_name_of_a_model(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rendered = told(name)
    assert send("console://", message(rendered.title, rendered.body)) == Outcome(SENT)
    shown = capsys.readouterr().out
    assert LIVE.findall(re.sub(r"  https://openrouter\.ai/\S*", "", shown)) == []
    assert name.replace("https://", "") in shown.replace(" ", "")
