"""An address in a file is read at each send, and again after a refusal: files are replaced while watcher runs."""

from pathlib import Path

import pytest

from tests.support.receivers import Answer, free_port, receiving
from tests.support.send_one import REFUSED, SENT, message
from watcher.config.config import Config
from watcher.config.load import load
from watcher.delivery.transport import deliver
from watcher.domain.delivery import Outcome

REVOKED = Answer(410, b"revoked")


def configured(folder: Path, secret: str, *, heartbeat: str | None = None) -> Config:
    (folder / "secret").write_text(f"{secret}\n")
    beat = f"heartbeat: file:{folder}/beat\n" if heartbeat else ""
    if heartbeat:
        (folder / "beat").write_text(heartbeat)
    channels = "channels: {team: 'file:secret', ops: {url: '${FILE}'}}\n"
    rules = "rules: [{name: all, when: {event: '*.*'}, notify: [team, ops]}]\n"
    (folder / "rules.yaml").write_text(beat + channels + rules)
    return load(folder / "rules.yaml", {"FILE": f"file:{folder}/secret"})


@pytest.mark.parametrize("name", ["team", "ops"])
@pytest.mark.fault("R4", "L4")
def test_a_message_goes_to_the_address_that_the_file_has_now(tmp_path: Path, name: str) -> None:
    config = configured(tmp_path, f"json://127.0.0.1:{free_port()}/")
    with receiving() as server:
        (tmp_path / "secret").write_text(server.url("/new"))
        assert deliver([(config.channels[name], message())]) == [Outcome(SENT)]
        assert [request.path for request in server.requests] == ["/new"]


@pytest.mark.fault("R4", "L4")
def test_a_refusal_is_asked_again_at_the_address_that_came_meanwhile(tmp_path: Path) -> None:
    with receiving() as after:
        replace = lambda: (tmp_path / "secret").write_text(after.url("/new"))  # noqa: E731
        with receiving(REVOKED, meanwhile=replace) as before:
            config = configured(tmp_path, before.url("/old"))
            assert deliver([(config.channels["team"], message())]) == [Outcome(SENT)]
        assert (len(before.requests), len(after.requests)) == (1, 1)


@pytest.mark.fault("R4")
def test_a_refusal_at_an_unchanged_address_is_one(tmp_path: Path) -> None:
    with receiving(REVOKED) as server:
        [outcome] = deliver([(configured(tmp_path, server.url()).channels["team"], message())])
    assert (outcome.verdict, len(server.requests)) == (REFUSED, 1)


@pytest.mark.parametrize("content", [None, "", "no address", "two\nlines"])
@pytest.mark.fault("R4", "C11")
def test_while_the_file_is_missing_or_unusable_the_last_address_is_used(
    tmp_path: Path, content: str | None
) -> None:
    with receiving() as server:
        config = configured(tmp_path, server.url())
        if content is None:
            (tmp_path / "secret").unlink()
        else:
            (tmp_path / "secret").write_text(content)
        assert deliver([(config.channels["team"], message())]) == [Outcome(SENT)]


@pytest.mark.fault("R4", "Z1")
def test_the_heartbeat_is_read_from_its_file_too_and_neither_is_ever_shown(tmp_path: Path) -> None:
    config = configured(tmp_path, "json://canary-1.example.test/", heartbeat="https://canary-2.example.test/")
    (tmp_path / "beat").write_text("https://canary-3.example.test/")
    assert config.heartbeat is not None
    assert "canary" not in repr(config)
    assert config.heartbeat.reveal() == "https://canary-3.example.test/"
