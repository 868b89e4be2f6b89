"""What is cut is cut last: no part of a secret is left where the cut fell into it."""

import json

import pytest

from tests.support.catalogs import START
from tests.support.receivers import Answer, receiving
from tests.support.scripted_server import reply, serving
from tests.support.send_one import send
from watcher.domain.polls import Failure
from watcher.sources.ask import ask

CANARY = "canary-token-of-thirty-letters"


@pytest.mark.parametrize("fill", [1_990, 1_975, 195, 180])
@pytest.mark.fault("R9", "W25", "Z1")
def test_a_token_in_a_providers_answer_is_removed_wherever_it_stands(fill: int) -> None:
    with receiving(Answer(400, b"\n" * (fill - 150) + b"x" * 150 + f" {CANARY} {CANARY}".encode())) as server:
        outcome = send(server.url(f"/{CANARY}/"))
    assert "can" not in outcome.reason
    assert "letters" not in outcome.reason


@pytest.mark.parametrize("fill", [175, 190, 360, 390])
@pytest.mark.fault("R9", "Z1")
def test_a_token_in_a_sources_answer_is_removed_wherever_it_stands(fill: int) -> None:
    body = json.dumps({"error": {"message": f"{'x' * fill} {CANARY} {CANARY}"}}).encode()
    with serving(reply(body, "400 Bad Request")) as server:
        failed = ask("models", server.url(f"/models?key={CANARY}"), START)
    assert isinstance(failed, Failure)
    assert "can" not in failed.reason
    assert "letters" not in failed.reason


@pytest.mark.parametrize("password", ["pw1", "p/w&1 @", "x"])
@pytest.mark.fault("R9", "Z1")
def test_a_receiver_that_repeats_a_short_password_does_not_show_it(password: str) -> None:
    written = "".join(f"%{ord(letter):02X}" for letter in password)
    with receiving(Answer(401, f"<{password}> is wrong for <me>".encode())) as server:
        outcome = send(f"json://me:{written}@127.0.0.1:{server.port}/")
    assert outcome.reason == "HTTP 401 <***> is wrong for <***>"
