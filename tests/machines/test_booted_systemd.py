"""One story in the order of its tests: each leaves the service running for the next."""

import re
from collections.abc import Iterator

import pytest

from tests.support.installed import PATIENCE, SHOWN, Box
from tests.support.machine import machine, needs_machine
from tests.support.outside import PASSWORD, outside
from tests.support.programs import eventually
from tests.support.sending import SLACK

pytestmark = [needs_machine, pytest.mark.timeout(900)]
TOKEN = "TIiajkdnlazkcOXrIdevi7FQ"  # noqa: S105 - the secret part of the made-up address
STORE = "/var/lib/watcher/watcher.db"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with outside() as world, machine(world.network) as made:
        made.before_boot(SHOWN["Install"])
        made.boot()
        yield Box(made, world)


def test_the_commands_shown_install_it_and_it_starts_after_a_look_at_what_it_needs(box: Box) -> None:
    shown = box.run(SHOWN["Start"])
    assert "Active: active (running)" in shown
    assert box.unit("UnitFileState") == "enabled"
    said = box.journal()
    assert said.index("watcher 0.1.0 begins: asks models and feed") < said.index("Started watcher.service")


def test_the_unit_is_sound_and_exposes_little(box: Box) -> None:
    assert box.run("systemd-analyze verify /etc/systemd/system/watcher.service") == ""
    told = box.run("systemd-analyze security --no-pager watcher")
    [exposure] = re.findall(r"Overall exposure level for watcher.service: ([\d.]+)", told)
    assert float(exposure) <= 1.5


def test_it_is_nobody_may_nothing_and_keeps_its_files_to_itself(box: Box) -> None:
    status = dict(
        line.split(":\t", 1) for line in box.run(f"cat /proc/{box.unit('MainPID')}/status").splitlines()
    )
    assert {name: int(status[name], 16) for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")} == {
        "CapEff": 0,
        "CapBnd": 0,
        "NoNewPrivs": 1,
        "Seccomp": 2,
    }
    assert int(status["Uid"].split()[0]) > 1000
    assert box.run(f"stat --format=%a /var/lib/private/watcher {STORE} {STORE}.lock").split() == [
        "700",
        "600",
        "600",
    ]
    limits = box.run(f"cat /proc/{box.unit('MainPID')}/limits")
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_it_tells_slack_and_a_mail_server_with_credentials_and_trusts_what_the_machine_trusts(
    box: Box,
) -> None:
    mail = f"mailtos://bot:{PASSWORD}@mail.test:{box.world.mail.port}/?mode=starttls"
    box.run(SHOWN["Secrets"], SLACK)
    box.run(SHOWN["Secrets"].replace("team", "ops"), f"{mail}&from=w@example.test&to=a@example.test\n")
    box.run("cat > /usr/local/share/ca-certificates/own.crt", box.world.authority.decode())
    box.run("update-ca-certificates")
    box.run(re.sub("\nEnvironment=HTTPS_PROXY.*'", "'", SHOWN["Proxies and authorities of your own"]))
    box.configure("New models")
    box.run("systemctl restart watcher")
    box.polls_twice_more()
    box.tells("acme/finch-maxi")
    [request] = box.world.slack.requests
    assert request.headers["Host"] == "hooks.slack.com"
    assert request.path.endswith(TOKEN)


def test_its_secrets_show_nowhere__I12(box: Box) -> None:
    with box.world.door.closed():
        box.lists("acme/hidden")
        eventually(box.world.door.is_asked, "a message is in flight")
        shown = [box.run(f"systemctl {verb} --no-pager watcher") for verb in ("show", "status", "cat")]
        shown.append(box.run("journalctl --no-pager --all --output=export"))
        seen = [text for process in box.processes() for text in process]
        assert any(b"watcher/delivery/apprise_start.py" in text for text in seen), (
            "the sending child is not among them"
        )
        kept = list(box.files())
    assert kept
    for secret in (TOKEN, PASSWORD):
        assert not [text[:200] for text in shown if secret in text]
        assert not [text[:200] for text in (*seen, *kept) if secret.encode() in text]
    credential = "/run/credentials/watcher.service/team-url"
    assert TOKEN in box.run(f"cat {credential}")
    assert "Permission denied" in box.run(f"setpriv --reuid=nobody cat {credential}", check=False)
    eventually(lambda: all(box.told("acme/hidden")), "it is told", PATIENCE)


def test_killed_with_a_message_in_flight_it_comes_back_and_tells_it_once_more_marked__X6_I3(box: Box) -> None:
    before = box.unit("MainPID")
    with box.world.door.closed():
        box.lists("acme/twice")
        eventually(box.world.door.is_asked, "a message is in flight")
        box.run(f"kill -KILL {before}")
        eventually(lambda: box.unit("MainPID") == "0", "it is gone with the child that sent")
    eventually(lambda: box.restarted(before), "it is restarted", PATIENCE)
    eventually(lambda: len(box.told("acme/twice")[0]) == 2, "it is told again", PATIENCE)
    box.polls_twice_more()
    slack, mail = [["possible repeat" in str(one) for one in told] for told in box.told("acme/twice")]
    assert slack == [False, True]
    assert mail in ([False, True], [True])  # it may have been killed before it was sent
    box.tells("acme/after-kill")


def test_where_it_hangs_the_watchdog_restarts_it_and_the_journal_says_where__X19_I16(box: Box) -> None:
    drop_in = "/etc/systemd/system/watcher.service.d/hasty.conf"
    box.run(
        f"echo '[Service]\nWatchdogSec=5s' > {drop_in}; systemctl daemon-reload; systemctl restart watcher"
    )
    before = box.unit("MainPID")
    box.run(f"kill -STOP {before}")
    eventually(lambda: box.restarted(before), "it is restarted", PATIENCE)
    said = box.journal()
    assert "watcher.service: Watchdog timeout" in said
    assert "Fatal Python error: Aborted" in said
    assert re.search(r'File ".*/watcher/service/loop.py", line \d+ in run', said)
    box.run(f"rm {drop_in}; systemctl daemon-reload; systemctl restart watcher")
    box.tells("acme/after-hang")


def test_a_reload_takes_up_other_rules_and_refuses_those_that_cannot_be_used__C13(box: Box) -> None:
    before = box.unit("MainPID")
    box.configure("Newest rule")
    box.run("systemctl reload watcher")
    box.polls_twice_more()
    box.tells("acme/reloaded")
    assert b"Newest rule" in box.told("acme/reloaded")[0][0]
    box.run("echo 'polls: 1s' >> /etc/watcher/rules.yaml; systemctl reload watcher")
    mistake = 'cannot be used: /etc/watcher/rules.yaml:8:1 polls: unknown key; did you mean "poll"?'
    eventually(lambda: mistake in box.journal(), "it is refused")
    box.tells("acme/not-reloaded")
    assert b"Newest rule" in box.told("acme/not-reloaded")[0][0]
    box.configure("New models")
    box.run("systemctl reload watcher")
    assert box.unit("MainPID") == before


def test_told_to_stop_it_lets_a_message_in_flight_arrive_and_tells_nothing_twice__I17_X14(box: Box) -> None:
    before = len(box.journal())
    with box.world.door.closed():
        box.lists("acme/last")
        eventually(box.world.door.is_asked, "a message is in flight")
        box.run("systemctl stop --no-block watcher")
        eventually(lambda: box.unit("ActiveState") == "deactivating", "it is told to stop")
    eventually(lambda: box.unit("ActiveState") == "inactive", "it has stopped", PATIENCE)
    assert (box.unit("Result"), box.unit("ExecMainStatus")) == ("success", "0")
    said = box.journal()[before:]
    assert "watcher stopped" in said
    assert "Killing process" not in said
    box.run("systemctl start watcher")
    box.polls_twice_more()
    assert [len(arrived) for arrived in box.told("acme/last")] == [1, 1]


@pytest.mark.parametrize(
    ("spoil", "mend", "code", "words"),
    [
        pytest.param(
            "sed -i 's/notify:/notfy:/' /etc/watcher/rules.yaml",
            "sed -i 's/notfy:/notify:/' /etc/watcher/rules.yaml",
            "78",
            'rules[0].notfy: unknown key; did you mean "notify"?',
            id="C3-configuration",
        ),
        pytest.param(
            f"mv {STORE} {STORE}.away",
            f"mv {STORE}.away {STORE}",
            "65",
            "is missing, although watcher created it before; restore a backup",
            id="S8-store",
        ),
    ],
)
def test_what_needs_a_person_fails_the_start_once_and_clearly(
    box: Box, spoil: str, mend: str, code: str, words: str
) -> None:
    box.run(f"systemctl stop watcher; {spoil}")
    assert "Job for watcher.service failed" in box.run("systemctl start watcher", check=False)
    assert (box.unit("ActiveState"), box.unit("SubState")) == ("failed", "failed")
    assert (box.unit("ExecMainStatus"), box.unit("NRestarts")) == (code, "0")
    assert words in box.journal()
    box.run(f"{mend}; systemctl start watcher")


def test_the_commands_beside_it_work_for_root_and_leave_it_alone(box: Box) -> None:
    told = box.run(SHOWN["Look after it"])
    assert f"is running as process {box.unit('MainPID')}; store" in told
    box.run("systemctl stop watcher")
    assert "is not running" in box.run(SHOWN["Look after it"], check=False)
    box.run("systemctl start watcher")
    box.tells("acme/looked-after")


def test_it_starts_with_the_machine_and_knows_what_it_knew__I3(box: Box) -> None:
    told = len(box.world.slack.requests)
    box.machine.reboot()
    assert box.unit("ActiveState") == "active"
    box.polls_twice_more()
    assert len(box.world.slack.requests) == told
    box.tells("acme/rebooted")


def test_it_is_upgraded_by_the_commands_shown(box: Box) -> None:
    before = box.unit("MainPID")
    box.run(SHOWN["Upgrade"])
    assert box.restarted(before)
    box.tells("acme/upgraded")


def test_it_is_uninstalled_without_a_trace(box: Box) -> None:
    box.run(SHOWN["Uninstall"])
    assert box.unit("LoadState") == "not-found"
    found = box.run("find / -xdev -name '*watcher*' -not -path '/usr/src/*' -not -path '/proc/*'")
    assert found.split() == []
