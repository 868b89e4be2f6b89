"""A message arrives whole, literally and once; tested with real servers on loopback."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.support.receivers import Answer, receiving, receiving_mail
from tests.support.send_one import DISCORD, PATCHED, RETRY, SENT, SLACK, message, send, send_patched
from watcher.domain.delivery import Outcome

with warnings.catch_warnings(action="ignore"):  # Apprise tries a module that is deprecated
    from watcher.delivery.apprise_address import UnusableError, load

NASTY = "<!channel> @here <@U1> [x](javascript:alert) <img onerror=x> {{7*7}} ${HOME} %s%n :smile: *b* `c`"


@pytest.mark.fault("L3")
def test_a_json_receiver_gets_the_message_once_and_literally() -> None:
    with receiving() as server:
        assert send(server.url("/hook?redirect=no"), message(body=NASTY)) == Outcome(SENT)
    [request] = server.requests
    got = json.loads(request.body)
    assert (got["title"], got["message"].replace("\u200b", "")) == ("A price fell", NASTY)


@pytest.mark.fault("X6")
def test_a_repeat_is_marked_in_the_title() -> None:
    with receiving() as server:
        send(server.url(), message(repeat=True))
    assert json.loads(server.requests[0].body)["title"] == "[possible repeat] A price fell"


def test_an_endless_answer_is_not_read_to_the_end() -> None:
    with receiving(Answer(200, b"x" * 50_000_000)) as server:
        assert send(server.url()) == Outcome(SENT)


@pytest.mark.fault("Z4")
def test_slack_gets_mentions_and_links_as_literal_text_and_nothing_advertised() -> None:
    outcome, [body] = send_patched(Answer(), message(title=NASTY, body=NASTY))
    assert outcome == Outcome(SENT)
    text = body.decode()
    assert "<" not in text
    shown = json.loads(text)["attachments"][0]["text"].replace("\u200b", "")
    assert shown.startswith("&lt;!channel&gt; @here &lt;@U1&gt; [x](javascript:alert)")
    assert not {"footer", "image_url", "icon_url"} & json.loads(text)["attachments"][0].keys()
    assert "github" not in text


@pytest.mark.parametrize("options", ["", "?format=markdown"])
@pytest.mark.fault("Z4")
def test_discord_finds_no_mention_and_no_link_in_remote_text(options: str) -> None:
    bait = "@everyone <@123> <@&9> [free](https://evil.example) @Here"
    outcome, [body] = send_patched(Answer(204, b""), message(title=bait, body=bait), DISCORD + options)
    assert outcome == Outcome(SENT)
    sent = json.loads(body)
    text = json.dumps([sent.get("content"), sent.get("embeds")], ensure_ascii=False)
    assert text.count("everyone") == 2
    for live in ("@everyone", "<@", "](", "@Here"):
        assert live not in text
    assert "github" not in body.decode()
    assert "allow_mentions" not in sent


@pytest.mark.parametrize("character", ["x", "<", "\n"])
@pytest.mark.fault("L10")
def test_a_text_too_long_for_slack_is_cut_and_says_by_how_much(character: str) -> None:
    _, [body] = send_patched(Answer(), message(body="z" + character * 45_000 + "z"))
    text = json.loads(body)["attachments"][0]["text"]
    assert 30_000 < len(text) <= 35_000
    kept, _, closing = text.rpartition("\n")
    assert closing.startswith("... ")
    assert closing.endswith(" more characters; see `watcher events --since 2026-11-23T08:00Z`")
    missing = int(closing.split()[1].replace(",", ""))
    assert len(kept.replace("&lt;", "<")) + missing == 45_002


@pytest.mark.fault("L21")
def test_characters_that_break_a_message_are_removed_first() -> None:
    odd = message("tit\x00le\r\nBcc: x@example.test \ud800" + "y" * 2_000, "bo\x00dy\x1b[31m\ud800")
    with receiving() as server, receiving_mail() as mail_server:
        assert [send(url, odd) for url in (server.url(), mail_server.url())] == [Outcome(SENT)] * 2
    [mail] = mail_server.mails
    got = json.loads(server.requests[0].body)
    assert (got["message"], len(got["title"])) == ("bo dy [31m", 200)
    assert got["title"].replace("\u200b", "").startswith("tit le  Bcc: x@example.test  yyy")
    assert mail["Subject"].startswith("tit le  Bcc: x@example.test")
    assert mail["Bcc"] is None


@pytest.mark.parametrize("result", ["None", "True", "zero", "unknown", "nomatch", "timeout"])
@pytest.mark.fault("L19", "L20")
def test_a_result_that_is_not_the_known_success_is_a_failure(result: str) -> None:
    outcome = send("json://127.0.0.1:9/", sender=(*PATCHED, "result", result))
    assert outcome == Outcome(RETRY, "the service gave no reason", unsure=True)


@pytest.mark.fault("L19")
def test_a_crash_in_apprise_is_a_failure_without_its_text() -> None:
    outcome = send("json://127.0.0.1:9/", sender=(*PATCHED, "result", "crash"))
    assert outcome == Outcome(RETRY, "the sending process failed with RuntimeError", unsure=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://127.0.0.1/hook?redirect=no", None),
        ("discord://1234567890/canary-token-1?botname=x", None),
        ("json://user:canary-pass@127.0.0.1/canary/?+Authorization=canary-key", None),
        ("", "does not support"),
        ("canary-token-1", "does not support"),
        ("slak://canary-token-1/B/C", "does not support"),
        ("tgram://canary-token-1/", "malformed"),
        ("slack://T1JJ3T3L2/canary-token-1", "malformed"),
        ("json://127.0.0.1, json://canary-host", "several targets"),
        (SLACK + "#one/#two", "several targets"),
        ("mailto://127.0.0.1/?from=w@example.test&to=a@example.test,b@example.test", "several targets"),
        ("mailto://127.0.0.1/?from=w@example.test&to=a@example.test&cc=b@example.test", "several targets"),
        ("mailto://127.0.0.1/?from=w@example.test&to=nobody", "no valid recipient"),
        ("mailto://w:canary-pass@mail.example.test/", "unencrypted"),
        (SLACK + "?footr=no", "did you mean footer"),
        ("json://127.0.0.1/?canary-token-1", "does not support; it supports"),
        (SLACK + "?+X-Key=canary-token-1", "begin with +"),
        ("json://127.0.0.1/?retry=3", "sets itself: retry"),
        ("json://127.0.0.1/?optional=yes", "sets itself: optional"),
        ("json://127.0.0.1/?redirect=yes", "enables redirects"),
    ],
)
@pytest.mark.fault("C12", "Z2", "L13")
def test_check_says_what_is_wrong_with_an_address_without_showing_it(url: str, words: str | None) -> None:
    if words is None:
        load(url)
    else:
        with pytest.raises(UnusableError) as raised:
            load(url)
        assert words in str(raised.value)
        assert "canary" not in str(raised.value)


def test_the_child_is_also_a_module_that_answers_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watcher.delivery.apprise_child"],
        input=b"no job",
        capture_output=True,
        check=False,
        timeout=30,
        cwd=Path(__file__).parents[2],
    )
    answer = {
        "verdict": "retry",
        "reason": "the sending process failed with JSONDecodeError",
        "retry_after": None,
        "unsure": False,
        "warning": "",
    }
    assert (done.stdout.count(b"\n"), json.loads(done.stdout), done.stderr) == (1, answer, b"")
