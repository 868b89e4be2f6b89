"""What every service is sent for every kind of event, byte for byte; WRITE_GOLDEN=1 writes it anew."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.golden import FOLDER, SERVICES, Service, captured, messages, written
from tests.support.imitated_services import ImitatedServices, imitated_services
from watcher.domain.delivery import Outcome, Verdict


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImitatedServices]:
    with (
        pytest.MonkeyPatch.context() as environment,
        imitated_services(environment, tmp_path_factory.mktemp("internet")) as service,
    ):
        yield service


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_sent_what_the_golden_file_shows(service: Service, network: ImitatedServices) -> None:
    told = messages()
    arrived, outcomes = captured(service, network, told)
    assert {*outcomes} == {Outcome(Verdict.SENT)}
    file = FOLDER / f"{service.name}.json"
    if os.environ.get("WRITE_GOLDEN"):
        file.write_text(written(arrived))
    kept = json.loads(file.read_text())
    assert [name for name in told if arrived[name] != kept.get(name)] == [], "if it is meant: WRITE_GOLDEN=1"
    assert kept.keys() == told.keys()


def test_every_golden_file_is_that_of_a_service() -> None:
    assert {file.name for file in Path(FOLDER).iterdir()} == {f"{service.name}.json" for service in SERVICES}
