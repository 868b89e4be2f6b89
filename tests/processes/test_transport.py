"""A batch of messages is sent all at once, each with its deadline, whatever the children do."""

import json
import os
import pty
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event as Flag
from threading import Timer

import pytest

from tests.support.full_pipes import fill, full_pipe
from tests.support.receivers import Answer, receiving
from tests.support.send_one import REFUSED, RETRY, SENT, message
from watcher.delivery import timed_write
from watcher.delivery.transport import check, deliver
from watcher.domain.delivery import Channel, Delivery, Outcome, Secret

LONG_URL = "json://127.0.0.1/canary-token-1"
CONSOLE = "console://"
DRIP = Answer(drips=True)
ANSWER = '{"verdict": "sent", "reason": "", "retry_after": null, "unsure": false}'
NO_THREAD = "no thread could be started to send it"
UNANSWERED = Outcome(RETRY, "the sending process exited without an answer", unsure=True)


def item(
    url: str = LONG_URL, title: str = "A title", body: str = "a body", *, repeat: bool = False
) -> tuple[Channel, Delivery]:
    return Channel("c", Secret(url)), message(title, body, repeat=repeat)


def child(code: str) -> tuple[str, ...]:
    """Return the command of a child that runs this code instead of sending."""
    return (sys.executable, "-I", "-c", f"import json, os, sys, time\n{code}")


@pytest.mark.real_sender
def test_outcomes_come_in_the_order_of_the_batch() -> None:
    answers = [Answer(status, b"said") for status in (200, 404, 500, 200)]
    with ExitStack() as stack:
        servers = [stack.enter_context(receiving(answer)) for answer in answers]
        outcomes = deliver([item(server.url()) for server in servers])
    assert [outcome.verdict for outcome in outcomes] == [SENT, REFUSED, RETRY, SENT]
    assert deliver([]) == []


@pytest.mark.fault("L7")
def test_a_dripping_receiver_is_given_up_at_the_deadline() -> None:
    with receiving(DRIP) as server:
        outcomes = deliver([item(server.url())], deadline=1.5)
        assert len(server.requests) == 1
    assert outcomes == [Outcome(RETRY, "no answer within 1.5 s; the message may have arrived", unsure=True)]


@pytest.mark.fault("L9")
def test_six_dripping_receivers_do_not_delay_a_healthy_one() -> None:
    with ExitStack() as stack:
        dripping = [stack.enter_context(receiving(DRIP)) for _ in range(6)]
        healthy = stack.enter_context(receiving())
        outcomes = deliver([item(server.url()) for server in [*dripping, healthy]], deadline=3.0)
    assert [outcome.verdict for outcome in outcomes] == [RETRY] * 6 + [SENT]
    assert len(healthy.requests) == 1


@pytest.mark.parametrize(
    "code",
    [
        "",
        "os.kill(os.getpid(), 9)",
        "sys.exit('canary on stderr')",
        "print('garbage')",
        "print('[' * 9_000)",
        'print(\'{"verdict": "perhaps", "reason": "", "retry_after": null, "unsure": false}\')',
        'print(\'{"verdict": "sent", "reason": ""}\')',
        'print(\'{"verdict": "retry", "reason": "", "retry_after": NaN}\')',
        'print(\'{"verdict": "retry", "reason": "", "retry_after": -1}\')',
        'print(\'{"verdict": "retry", "reason": "", "retry_after": "soon"}\')',
        "print('[1, 2]')",
        "sys.stdout.buffer.write(bytes(range(256)))",
        "os.close(0); print('early')",
    ],
)
@pytest.mark.fault("X18")
def test_a_child_that_dies_or_prints_garbage_is_just_a_failure(code: str) -> None:
    outcomes = deliver([item(body="long " * 100_000)], deadline=10.0, sender=child(code))
    assert outcomes == [UNANSWERED]


@pytest.mark.fault("X18")
def test_a_child_that_floods_stdout_fails_at_once() -> None:
    assert deliver([item()], sender=child("while True: print('x' * 1_000_000)")) == [UNANSWERED]


@pytest.mark.fault("X18")
def test_a_child_that_floods_stderr_and_answers_is_believed() -> None:
    flood = f"sys.stderr.write('x' * 10_000_000); print({ANSWER!r})"
    assert deliver([item()], sender=child(flood)) == [Outcome(SENT)]


@pytest.mark.fault("X18")
def test_a_child_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
import subprocess
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
open({str(pid_file)!r}, "w").write(str(other.pid))
time.sleep(30)
"""
    assert deliver([item()], deadline=1.0, sender=child(code))[0].verdict is RETRY
    state = Path("/proc", pid_file.read_text(), "stat")
    for _ in range(50):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("what the child started is still running")


@pytest.mark.fault("X18")
def test_a_child_that_cannot_be_started_is_a_failure() -> None:
    assert deliver([item()], sender=["/nonexistent/program"]) == [
        Outcome(RETRY, "the sending process could not be started: No such file or directory")
    ]


@pytest.mark.fault("X17")
def test_without_threads_every_message_just_fails() -> None:
    before = threading.stack_size(1 << 46)  # more than there are addresses for
    try:
        outcomes = deliver([item(), item()])
        assert check(item()[0]) == NO_THREAD
    finally:
        threading.stack_size(before)
    assert outcomes == [Outcome(RETRY, NO_THREAD, unsure=True)] * 2


@pytest.mark.fault("Z1")
def test_the_address_is_in_neither_the_childs_command_line_nor_its_environment() -> None:
    code = """
canary = "canary-" + "token-1"
seen = open("/proc/self/cmdline").read() + open("/proc/self/environ").read()
reason = f"read {canary in sys.stdin.read()}, shown {canary in seen}"
print(json.dumps({"verdict": "retry", "reason": reason, "retry_after": 1, "unsure": False}))
"""
    assert deliver([item()], sender=child(code)) == [Outcome(RETRY, "read True, shown False", 1.0)]


@pytest.mark.fault("Z1", "Z13")
def test_the_child_gets_only_the_environment_that_sending_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "no_proxy": "x",
        "SSL_CERT_FILE": "/c",
        "LC_ALL": "C.UTF-8",
    }
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    for name in ("WATCHER_SLACK_URL", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "PYTHONPATH", "MY_PATH"):
        monkeypatch.setenv(name, "canary-token-1")
    code = f"""
passed = {needed!r}.items() <= os.environ.items() and "PATH" in os.environ
reason = f"needed {{passed}}, canary {{'canary' in str(os.environ)}}"
print(json.dumps({{"verdict": "retry", "reason": reason, "retry_after": 1, "unsure": False}}))
"""
    assert deliver([item()], sender=child(code)) == [Outcome(RETRY, "needed True, canary False", 1.0)]


@pytest.mark.fault("Z1")
def test_no_outcome_and_no_repr_shows_an_address() -> None:
    pair = item("tgram://canary-token-1/")
    outcomes = deliver([pair])
    assert outcomes[0].verdict is REFUSED
    assert "canary" not in repr((pair, outcomes, str(pair[0].url)))


@pytest.mark.fault("X23")
def test_the_child_inherits_no_open_files() -> None:
    with Path(__file__).open() as opened:
        os.set_inheritable(opened.fileno(), True)  # noqa: FBT003 - the call takes no names
        code = f"""
try:
    os.fstat({opened.fileno()})
except OSError:
    print({ANSWER!r})
"""
        assert deliver([item()], sender=child(code)) == [Outcome(SENT)]


def test_the_child_has_its_own_session_so_that_ctrl_c_lets_it_finish() -> None:
    assert deliver([item()], sender=child(f"assert os.getsid(0) == os.getpid(); print({ANSWER!r})")) == [
        Outcome(SENT)
    ]


@pytest.mark.real_sender
def test_the_child_imports_nothing_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apprise.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with receiving() as server:
        assert deliver([item(server.url())]) == [Outcome(SENT)]


@pytest.mark.fault("I17")
def test_a_message_in_flight_is_soon_given_up_when_watcher_stops() -> None:
    stop = Flag()
    Timer(0.5, stop.set).start()
    outcomes = deliver([item()], stop=stop, sender=child("time.sleep(30)"))
    assert outcomes == [
        Outcome(RETRY, "no answer before watcher stopped; the message may have arrived", unsure=True)
    ]


@pytest.mark.fault("I17")
def test_nothing_is_started_when_watcher_stops() -> None:
    stop = Flag()
    stop.set()
    assert (
        deliver([item(), item(CONSOLE)], stop=stop)
        == [Outcome(RETRY, "watcher stopped before the message was sent")] * 2
    )


def test_check_accepts_a_good_channel_and_says_what_is_wrong_with_a_bad_one() -> None:
    assert check(Channel("c", Secret(CONSOLE)), sender=["/nonexistent"]) is None
    assert check(Channel("c", Secret(LONG_URL))) is None
    assert check(Channel("c", Secret("slak://canary"))) == "Apprise does not support this kind of address"
    late = check(Channel("c", Secret(LONG_URL)), deadline=0.3, sender=child("time.sleep(9)"))
    assert late is not None


@pytest.mark.fault("Z4")
def test_the_console_gets_title_and_body_without_anything_that_moves_a_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pair = item(
        CONSOLE, "A \x1b[2Jtitle\r\nforged", "one\x1b]0;x\x07 \x9b1m \u202etwo\nlast\ud800", repeat=True
    )
    assert deliver([pair]) == [Outcome(SENT)]
    printed = capsys.readouterr().out
    assert printed == "\n[possible repeat] A  [2Jtitle  forged\none ]0;x   1m  two\nlast \n"


@pytest.mark.parametrize(("no_color", "title"), [("", "\n\x1b[1mA title\x1b[0m\r"), ("1", "\nA title\r")])
def test_the_consoles_title_is_bold_on_a_terminal_unless_no_color_is_set(no_color: str, title: str) -> None:
    terminal, inside = pty.openpty()
    try:
        run_console(inside, {"NO_COLOR": no_color})
        printed = os.read(terminal, 10_000).decode()
    finally:
        os.close(terminal)
        os.close(inside)
    assert title in printed
    assert "a body" in printed


@pytest.mark.fault("X14")
def test_a_closed_standard_output_is_an_outcome() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        said = run_console(writing, {})
    finally:
        os.close(writing)
    assert "cannot write to standard output: [Errno 32] Broken pipe" in said


@pytest.mark.fault("Q8")
def test_a_standard_output_that_nobody_reads_is_an_outcome_at_the_deadline() -> None:
    with full_pipe() as unread:
        said = run_console(unread, {}, arguments="deadline=0.2")
    assert "Verdict.RETRY" in said
    assert "nobody read standard output within 0.2 s" in said
    assert "unsure=False" in said


@pytest.mark.fault("Q8")
def test_a_message_that_was_read_in_part_may_have_arrived() -> None:
    reading, writing = os.pipe()
    try:
        fill(writing)
        os.read(reading, 4096)
        said = run_console(writing, {}, "A title " * 20, arguments="deadline=0.2", body="a body " * 2000)
    finally:
        os.close(reading)
        os.close(writing)
    assert "unsure=True" in said


@pytest.mark.fault("Q8", "I17")
def test_the_end_of_the_service_cuts_the_wait_for_a_reader_short() -> None:
    stop = Flag()
    stop.set()
    with full_pipe() as unread:
        began = time.monotonic()
        assert timed_write.write(unread, b"late", 30.0, stop) == 0
        assert time.monotonic() - began < timed_write.GRACE + 1


def test_characters_the_console_cannot_encode_are_replaced() -> None:
    done = run_console(subprocess.DEVNULL, {"PYTHONIOENCODING": "ascii"}, "a → b")
    assert "Verdict.SENT" in done


def run_console(
    stdout: int,
    environment: dict[str, str],
    title: str = "A title",
    body: str = "a body",
    arguments: str = "",
) -> str:
    """Deliver to the console in another process; returns the outcome that it printed."""
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from tests.processes.test_transport import CONSOLE, deliver, item
print(deliver([item(CONSOLE, {title!r}, {body!r})], {arguments}), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, **environment},
    )
    return done.stderr


def test_a_requested_pause_survives_the_way_from_the_child() -> None:
    said = json.dumps({"verdict": "refused", "reason": "two\nlines", "retry_after": 7, "unsure": False})
    assert deliver([item()], sender=child(f"print({said!r})")) == [Outcome(REFUSED, "two lines", 7.0)]
