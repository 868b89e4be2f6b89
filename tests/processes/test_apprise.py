"""What we rely on in Apprise: an upgrade that changes any of it fails here, by name."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support.apprise_addresses import ADDRESSES
from tests.support.receivers import Answer, receiving
from tests.support.send_one import SLACK
from tests.support.watcher_process import configure, finished

with warnings.catch_warnings(action="ignore"):  # Apprise tries a module that is deprecated
    import apprise
    from apprise.manager_plugins import NotificationManager
    from apprise.plugins.email import NotifyEmail

    from watcher.delivery.apprise_address import (
        CONNECT_PATIENCE,
        DECIDED,
        READ_PATIENCE,
        UnusableError,
        load,
    )
    from watcher.delivery.compose import TEXT
    from watcher.delivery.services import SERVICES

pytestmark = pytest.mark.filterwarnings("ignore")
Status = apprise.AppriseResultStatus


def services() -> Any:
    """Return all services of Apprise by their schema."""
    manager: Any = NotificationManager
    return {schema: manager()[schema] for schema in manager().schemas()}


def notify(url: str) -> Any:
    """Send with Apprise alone, in this process."""
    notifier = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
    notifier.add(url)
    return notifier.notify(title="t", body="b", body_format=TEXT)


@pytest.mark.fault("L20")
def test_a_result_shows_success_by_its_status_not_its_truth_value() -> None:
    with receiving() as good, receiving(Answer(500)) as bad:
        sent, failed = notify(good.url()), notify(bad.url())
    assert (sent.status, failed.status, notify("").status) == (Status.SUCCESS, Status.FAILURE, Status.NOMATCH)
    assert (sent == True, failed == False) == (False, False)  # noqa: E712 - that it is not equal is the point
    assert {status.name for status in Status} == {"SUCCESS", "FAILURE", "NOMATCH", "PARTIAL", "TIMEOUT"}


def test_the_addresses_cover_nearly_every_service_that_can_be_used_here() -> None:
    known = services()
    covered = {known[address.partition(":")[0]] for address in ADDRESSES}
    missing = {service.__name__ for service in known.values() if service.enabled} - {
        service.__name__ for service in covered
    }
    assert len(missing) <= 10, missing


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.partition(":")[0])
@pytest.mark.fault("L20")
def test_every_service_has_what_the_child_needs(address: str) -> None:
    target = load(address)
    kinds = {
        "body_maxlen": int,
        "title_maxlen": int,
        "body_max_line_count": int,
        "overflow_amalgamate_title": bool,
        "template_args": dict,
        "template_tokens": dict,
        "template_kwargs": dict,
    }
    assert {name: type(getattr(target, name)) for name in kinds} == kinds
    assert target.body_maxlen > 0
    assert target.redirects is False
    assert target.request_timeout == (target.socket_connect_timeout, READ_PATIENCE)
    assert target.socket_connect_timeout in {CONNECT_PATIENCE, READ_PATIENCE}
    assert isinstance(target.resolve_format(TEXT), apprise.NotifyFormat)
    assert isinstance(target.dialect_convert("text", body_format=target.resolve_format(TEXT)), str)
    assert target.overflow_mode == "upstream"
    assert target.retry == 0
    assert not target.interpret_emojis


@pytest.mark.fault("L10")
def test_services_with_a_row_of_their_own_exist_by_name() -> None:
    assert SERVICES.keys() <= {str(service.service_name) for service in services().values()}


@pytest.mark.fault("L12", "L13")
def test_a_mail_address_shows_its_recipients_and_security() -> None:
    target = load("mailtos://w:password@mail.example.test?from=w@example.test&to=a@example.test")
    assert isinstance(target, NotifyEmail)
    assert [address for _, address in target.targets] == ["a@example.test"]
    assert (target.secure_mode, target.password, target.cc, target.bcc) == (
        "starttls",
        "password",
        set(),
        set(),
    )


def test_only_slack_and_similar_services_need_advertising_turned_off() -> None:
    assert load(SLACK).include_footer is False
    assert load("discord://1234567890/abcdefghijklm").footer is False


@pytest.mark.parametrize("option", sorted(DECIDED))
@pytest.mark.fault("L11")
def test_no_address_can_override_what_watcher_decides(option: str) -> None:
    with pytest.raises(UnusableError, match=f"sets itself: {option}"):
        load(f"{SLACK}?{option}=1")


@pytest.mark.skipif(find_spec("paho") is not None, reason="MQTT's package is installed here")
@pytest.mark.fault("L19")
def test_a_service_that_lacks_its_package_says_which() -> None:
    with pytest.raises(UnusableError, match="is unavailable on this machine: it needs the package paho-mqtt"):
        load("mqtts://broker.example.test/canary-topic")


SECOND = [
    pytest.param(f"{SLACK}#one/#two", id="slack"),
    pytest.param("ntfys://ntfy.example.test/one/two", id="ntfy"),
    pytest.param("tgram://123456789:abcdefghij0123456789/12315544/12315545", id="telegram"),
    pytest.param("mmosts://chat.example.test/abcdefghij0123456789?channels=one,two", id="mattermost"),
    pytest.param("matrixs://abcdefghij@matrix.example.test/!one:a.test/!two:a.test", id="matrix"),
    pytest.param("zulip://bot@corp/0123456789abcdef0123456789abcdef/one/two", id="zulip"),
    pytest.param("46elks://user:password@12025550123/12025550124/12025550125", id="sms"),
    pytest.param("mailgun://w@example.test/abcdefghij/a@example.test/b@example.test", id="mailgun"),
    pytest.param("sendgrid://abcdefghij:w@example.test/a@example.test/b@example.test", id="sendgrid"),
    pytest.param("mailtos://w@example.test?to=a@example.test&bcc=b@example.test", id="mail"),
]


@pytest.mark.parametrize("address", SECOND)
@pytest.mark.fault("L13")
def test_an_address_with_several_targets_is_refused(address: str) -> None:
    with pytest.raises(UnusableError, match="has several targets; give each its own channel"):
        load(address)


@pytest.mark.fault("L13", "Z2")
def test_check_names_the_channel_whose_address_has_several_targets(tmp_path: Path) -> None:
    urls = {"team": "console://", "ops": "mailtos://w@example.test?to=canary-a@example.test,b@example.test"}
    done = finished(configure(tmp_path, "http://127.0.0.1:9/models", urls), "check")
    assert done.returncode == 78
    assert "watcher: ops: the address has several targets; give each its own channel" in done.stderr
    assert "canary" not in done.stdout + done.stderr
