"""What a provider says decides what becomes of a message: tried against real servers on loopback."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receivers import Answer, free_port, receiving, receiving_mail

from watcher.deliver import SENDER, check, deliver
from watcher.domain import Channel, Delivery, Notification, OutboxState, Outcome, Secret, Verdict

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
ALTERED = (sys.executable, str(Path(__file__).with_name("altered_sender.py")))
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
SENT, RETRY, REFUSED = Verdict.SENT, Verdict.RETRY, Verdict.REFUSED
NASTY = "<!channel> @here <@U1> [x](javascript:alert) <img onerror=x> {{7*7}} ${HOME} %s%n :smile: *b* `c`"


def message(
    title: str = "A price fell",
    body: str = "acme/owl: $2 → $1\nsee the page",
    html: str = "<p>acme/owl: <b>$1</b></p>",
    *,
    repeat: bool = False,
) -> Delivery:
    notification = Notification("c", AT, title, body, html, ("rule",), ("event-1", "event-2"))
    return Delivery(1, notification, OutboxState.SENDING, 1, AT, repeat)


def send(url: str, delivery: Delivery | None = None, sender: Sequence[str] = SENDER) -> Outcome:
    [outcome] = deliver([(Channel("c", Secret(url)), delivery or message())], sender=sender)
    return outcome


def send_all(urls: Sequence[str]) -> list[Outcome]:
    return deliver([(Channel(f"c{number}", Secret(url)), message()) for number, url in enumerate(urls)])


def send_slack(
    answer: Answer, delivery: Delivery | None = None, url: str = SLACK
) -> tuple[Outcome, list[bytes]]:
    with receiving(answer) as slack:
        outcome = send(url, delivery, (*ALTERED, "slack", str(slack.port)))
    return outcome, [request.body for request in slack.requests]


def test_a_mail_arrives_once_with_subject_both_bodies_and_the_event_id() -> None:
    with receiving_mail() as server:
        assert send(server.url()) == Outcome(SENT)
    [mail] = server.mails
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert mail["Subject"] == "A price fell"
    assert mail["X-Watcher-Event-Id"] == "event-1 event-2"
    assert html is not None
    assert plain is not None
    assert "<b>$1</b>" in html.get_content()
    assert "acme/owl: $1" in plain.get_content()
    assert mail["From"] == "w@example.test"


def test_l3_a_json_receiver_gets_the_message_once_and_literal_z4() -> None:
    with receiving() as server:
        assert send(server.url("/hook?redirect=no"), message(body=NASTY)) == Outcome(SENT)
    [request] = server.requests
    got = json.loads(request.body)
    assert (got["title"], got["message"]) == ("A price fell", NASTY)


def test_x6_a_repeat_is_marked_in_the_title() -> None:
    with receiving() as server:
        send(server.url(), message(repeat=True))
    assert json.loads(server.requests[0].body)["title"] == "[possible repeat] A price fell"


@pytest.mark.parametrize(
    ("replies", "verdict", "words"),
    [
        ({"DATA": "451 greylisted, come back"}, RETRY, "SMTP 451 greylisted, come back"),
        ({"DATA": "552 too big"}, REFUSED, "SMTP 552 too big"),
        ({"DATA": "close"}, RETRY, "Connection unexpectedly closed"),
        ({"RCPT": "550 5.1.1 no such user"}, REFUSED, "SMTP 550 5.1.1 no such user"),
        ({"RCPT": "421 closing for a while"}, RETRY, "SMTP 421 closing for a while"),
    ],
)
def test_l12_a_mail_servers_refusal_is_told_by_its_code(
    replies: dict[str, str], verdict: Verdict, words: str
) -> None:
    with receiving_mail(**replies) as server:
        assert send(server.url()) == Outcome(verdict, words)
    assert server.mails == []


def test_l12_a_wrong_password_is_refused_and_does_not_show() -> None:
    with receiving_mail("right") as server:
        outcome = send(server.url(user="someone:canary-password@"))
    assert outcome.verdict is REFUSED
    assert outcome.reason.startswith("SMTP 535 5.7.8")
    assert "canary" not in outcome.reason


def test_l12_credentials_never_go_out_in_the_clear_when_starttls_is_not_offered() -> None:
    with receiving_mail("right") as server:
        outcome = send(server.url("mode=starttls", user="someone:right@"))
    assert outcome == Outcome(REFUSED, "STARTTLS extension not supported by server.")
    assert server.mails == []


def test_l1_what_cannot_be_reached_is_tried_again() -> None:
    with receiving() as plain:
        outcomes = send_all(
            [
                f"json://127.0.0.1:{free_port()}/",
                plain.url(scheme="jsons"),
                f"mailto://127.0.0.1:{free_port()}/?from=w@example.test&to=a@example.test",
                f"mailtos://127.0.0.1:{plain.port}/?from=w@example.test&to=a@example.test&mode=ssl",
            ]
        )
    assert {outcome.verdict for outcome in outcomes} == {RETRY}
    assert outcomes[0].reason == outcomes[2].reason == "Connection refused"
    assert "SSL" in outcomes[1].reason


DATED = {"Retry-After": "Mon, 23 Nov 2026 08:01:00 GMT", "Date": "Mon, 23 Nov 2026 08:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "30"}, 30.0), (DATED, 60.0), ({"Retry-After": "soon"}, None)]
)
def test_l2_429_is_tried_again_when_the_server_says(headers: dict[str, str], seconds: float | None) -> None:
    with receiving(Answer(429, b"rate_limited", headers)) as server:
        assert send(server.url()) == Outcome(RETRY, "HTTP 429 rate_limited", seconds)
    assert len(server.requests) == 1


def test_l3_l4_a_refusal_is_meant_and_a_broken_server_is_not() -> None:
    statuses = {400: REFUSED, 403: REFUSED, 404: REFUSED, 410: REFUSED, 408: RETRY, 500: RETRY, 503: RETRY}
    answers = [Answer(status, f"said {status}".encode()) for status in statuses]
    with ExitStack() as stack:
        servers = [stack.enter_context(receiving(answer)) for answer in answers]
        outcomes = send_all([server.url() for server in servers])
    assert outcomes == [
        Outcome(verdict, f"HTTP {status} said {status}") for status, verdict in statuses.items()
    ]


@pytest.mark.parametrize("status", [301, 302, 307])
def test_l6_z10_a_redirect_is_not_followed_and_is_no_success(status: int) -> None:
    with (
        receiving() as other,
        receiving(Answer(status, headers={"Location": f"http://127.0.0.1:{other.port}/"})) as server,
    ):
        outcome = send(server.url("/?+X-Api-Key=canary-key"))
    assert outcome == Outcome(RETRY, f"HTTP {status} redirect, which is not followed")
    assert other.requests == []
    assert len(server.requests) == 1


def test_n12_a_proxy_in_the_environment_is_left_alone_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://user:canary@127.0.0.1:{free_port()}")
    with receiving() as server:
        assert send(server.url()) == Outcome(SENT)
    outcome = send("json://192.0.2.1/")
    assert outcome == Outcome(RETRY, "Connection refused")


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with receiving(Answer(200, b"x" * 50_000_000)) as server:
        assert send(server.url()) == Outcome(SENT)


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (Answer(200, b"invalid_payload"), REFUSED, "HTTP 200 invalid_payload"),
        (Answer(200, b"something_new"), RETRY, "HTTP 200 something_new"),
        (Answer(404, b"no_service"), REFUSED, "HTTP 404 no_service"),
        (Answer(410, b"channel_is_archived"), REFUSED, "HTTP 410 channel_is_archived"),
        (Answer(503, b"no_service"), RETRY, "HTTP 503 no_service"),
    ],
)
def test_l5_slack_is_believed_by_its_words_not_by_its_status(
    answer: Answer, verdict: Verdict, words: str
) -> None:
    outcome, bodies = send_slack(answer)
    assert outcome == Outcome(verdict, words)
    assert len(bodies) == 1


def test_z4_slack_gets_mentions_and_links_as_literal_text_and_nothing_advertised() -> None:
    outcome, [body] = send_slack(Answer(), message(title=NASTY, body=NASTY))
    assert outcome == Outcome(SENT)
    text = body.decode()
    assert "<" not in text
    assert "&lt;!channel&gt; @here &lt;@U1&gt; [x](javascript:alert)" in text
    assert not {"footer", "image_url", "icon_url"} & json.loads(text)["attachments"][0].keys()
    assert "github" not in text


@pytest.mark.parametrize("character", ["x", "<", "\n"])
def test_l10_a_text_too_long_for_slack_is_cut_and_says_by_how_much(character: str) -> None:
    _, [body] = send_slack(Answer(), message(body="z" + character * 45_000 + "z"))
    text = json.loads(body)["attachments"][0]["text"]
    assert 30_000 < len(text) <= 35_000
    kept, _, closing = text.rpartition("\n")
    assert closing.startswith("... ")
    assert closing.endswith(" more characters; see `watcher events`")
    missing = int(closing.split()[1].replace(",", ""))
    assert len(kept.replace("&lt;", "<")) + missing == 45_002


def test_l10_a_mail_too_long_becomes_its_text_cut() -> None:
    with receiving_mail() as server:
        assert send(server.url(), message(body="b < c\n" * 9_000, html="<p>" * 20_000)) == Outcome(SENT)
    html = server.mails[0].get_body(("html",))
    assert html is not None
    assert html.get_content().startswith("<pre>b &lt; c")
    assert len(html.get_content().replace("\r", "")) <= 32_769
    assert "more characters; see `watcher events`" in html.get_content()


def test_l21_what_a_server_would_stumble_over_is_taken_out_first() -> None:
    odd = message(
        "tit\x00le\r\nBcc: x@example.test \ud800" + "y" * 2_000, "bo\x00dy\x1b[31m\ud800", "<p>\x00\ud800</p>"
    )
    with receiving() as server, receiving_mail() as mail_server:
        assert [send(url, odd) for url in (server.url(), mail_server.url())] == [Outcome(SENT)] * 2
    [mail] = mail_server.mails
    got = json.loads(server.requests[0].body)
    assert (got["message"], len(got["title"])) == ("bo dy [31m", 200)
    assert got["title"].startswith("tit le  Bcc: x@example.test  yyy")
    assert mail["Subject"].startswith("tit le Bcc: x@example.test")
    assert mail["Bcc"] is None


@pytest.mark.parametrize("result", ["None", "True", "zero", "unknown", "nomatch", "timeout"])
def test_l19_l20_a_result_that_is_not_the_known_success_is_a_failure(result: str) -> None:
    outcome = send("json://127.0.0.1:9/", sender=(*ALTERED, "result", result))
    assert outcome == Outcome(RETRY, "the service gave no reason")


def test_l19_a_crash_of_apprise_is_a_failure_without_its_words() -> None:
    outcome = send("json://127.0.0.1:9/", sender=(*ALTERED, "result", "crash"))
    assert outcome == Outcome(RETRY, "the sending process failed with RuntimeError")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://127.0.0.1/hook?redirect=no", None),
        ("discord://1234567890/canary-token-1?botname=x", None),
        ("json://user:canary-pass@127.0.0.1/canary/?+Authorization=canary-key", None),
        ("console://", None),
        ("", "does not know"),
        ("canary-token-1", "does not know"),
        ("slak://canary-token-1/B/C", "does not know"),
        ("tgram://canary-token-1/", "wrong form"),
        ("slack://T1JJ3T3L2/canary-token-1", "wrong form"),
        ("json://127.0.0.1, json://canary-host", "several targets"),
        (SLACK + "#one/#two", "several targets"),
        ("mailto://127.0.0.1/?from=w@example.test&to=a@example.test,b@example.test", "several targets"),
        ("mailto://127.0.0.1/?from=w@example.test&to=a@example.test&cc=b@example.test", "several targets"),
        ("mailto://127.0.0.1/?from=w@example.test&to=nobody", "no usable recipient"),
        ("mailto://w:canary-pass@mail.example.test/", "in the clear"),
        (SLACK + "?footr=no", "did you mean footer"),
        ("json://127.0.0.1/?canary-token-1", "does not know; it knows"),
        (SLACK + "?+X-Key=canary-token-1", "begin with +"),
        ("json://127.0.0.1/?retry=3", "decides itself: retry"),
        ("json://127.0.0.1/?optional=yes", "decides itself: optional"),
        ("json://127.0.0.1/?redirect=yes", "follow redirects"),
    ],
)
def test_c12_z2_l13_check_says_what_is_wrong_with_an_address_and_shows_none_of_it(
    url: str, words: str | None
) -> None:
    fault = check(Channel("c", Secret(url)))
    if words is None:
        assert fault is None
    else:
        assert fault is not None
        assert words in fault
        assert "canary" not in fault


ECHO = b"no such canary-token-1, Canary-Token-1, canary%2Dtoken%2D1"


def test_w25_z1_z2_z3_no_part_of_an_address_is_shown_when_it_fails() -> None:
    with receiving(Answer(400, ECHO)) as server, receiving_mail(RCPT="550 canary-token-1 <{}>") as mail:
        there = f"127.0.0.1:{server.port}"
        urls = [
            f"json://user:pass@{there}/path/canary-token-1?+Authorization=Bearer%20canary-token-1",
            f"json://user:canary-token-1@{there}/canary%2Dtoken%2D1/",
            f"json://{there}/?-key=canary-token-1&:pay=canary-token-1",
            f"json://canary-token-1:canary-token-1@127.0.0.1:{free_port()}/",
            mail.url("mode=insecure&name=canary-token-1"),
            "tgram://canary-token-1/",
            "slack://canary-token-1/canary-token-1",
            "slack://T1JJ3T3L2/A1BRTD4JD/canary-token-1",
            "bogus://user:canary-token-1@127.0.0.1/canary-token-1",
            "json://canary-token-1:99999999/canary-token-1",
        ]
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(run_child, urls))
        assert len(server.requests) == 3
    for code, printed, errors in results:
        answer = json.loads(printed)
        assert (code, errors) == (0, "")
        assert answer["verdict"] != "sent"
        assert len(answer["reason"]) <= 200
        assert "canary" not in printed.lower()


def test_w25_a_password_is_not_shown_in_the_form_in_which_it_was_sent() -> None:
    with receiving(Answer(401, b"not Basic dXNlcjpjYW5hcnktcGFzcw== for ops")) as server:
        outcome = send(f"json://user:canary-pass@127.0.0.1:{server.port}/")
    assert outcome == Outcome(REFUSED, "HTTP 401 not Basic *** for ops")


def run_child(url: str) -> tuple[int, str, str]:
    notification = message().notification
    job = {"url": url, "title": notification.title, "body": "b", "html": "", "event_id": "e", "repeat": False}
    done = subprocess.run(
        SENDER, input=json.dumps(job), capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode, done.stdout, done.stderr


def test_the_child_is_also_a_module_that_answers_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watcher.send"],
        input=b"no job",
        capture_output=True,
        check=False,
        timeout=30,
        cwd=Path(__file__).parents[1],
    )
    answer = {
        "verdict": "retry",
        "reason": "the sending process failed with JSONDecodeError",
        "retry_after": None,
    }
    assert (done.stdout.count(b"\n"), json.loads(done.stdout), done.stderr) == (1, answer, b"")
