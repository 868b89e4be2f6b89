from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.receivers import Answer, receiving
from tests.support.scripted_server import HANG, Script, reply, serving
from tests.support.served_catalog import Catalog, service

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAXI = FINCH | {"id": "acme/finch-maxi"}


class TestHeartbeat:
    @pytest.mark.fault("I16")
    def test_it_is_sent_after_each_good_poll_and_only_then(self, tmp_path: Path, catalog: Catalog) -> None:
        with serving(reply(b"OK")) as switch:
            watcher = service(
                tmp_path, catalog.url, "console://", [NOW], f"heartbeat: {switch.url('/ping/uuid')}"
            )
            for good in range(1, 3):
                watcher.turn()
                assert len(switch.requests) == good
            catalog.shows()
            watcher.turn()
            assert len(switch.requests) == 2
            watcher.store.close()
        assert switch.requests[0].startswith("GET /ping/uuid HTTP/1.1\r\n")

    @pytest.mark.fault("L22")
    def test_it_stops_while_no_channel_delivers(
        self, tmp_path: Path, catalog: Catalog, caplog: pytest.LogCaptureFixture
    ) -> None:
        with serving(reply(b"OK")) as switch, receiving(Answer(404, b"no_service")) as http:
            clock = [NOW]
            watcher = service(
                tmp_path, catalog.url, http.url(), clock, f"heartbeat: {switch.url('/ping/uuid')}"
            )
            watcher.turn()
            catalog.shows(OWL, FINCH, HERON, MAXI)
            for _ in range(4):
                watcher.turn()
                clock[0] += HOUR
            assert len(switch.requests) == 1
            assert "no channel works, so the heartbeat is skipped" in caplog.text
            watcher.store.close()

    @pytest.mark.parametrize("answer", [reply(status="500 Oops"), Script((HANG,)), Script(())])
    def test_a_failed_heartbeat_is_a_warning_without_its_address(
        self, tmp_path: Path, catalog: Catalog, caplog: pytest.LogCaptureFixture, answer: Script
    ) -> None:
        with serving(answer) as switch:
            watcher = service(
                tmp_path, catalog.url, "console://", [NOW], f"heartbeat: {switch.url('/canary')}"
            )
            watcher.turn()
            assert watcher.store.state().sources["models"].last_good == NOW
            watcher.store.close()
        assert "heartbeat failed: 127.0.0.1" in caplog.text
        assert "canary" not in caplog.text


class TestChannels:
    @pytest.mark.fault("L4")
    def test_a_channel_that_gives_up_a_message_is_reported_to_the_others_once_and_so_is_its_end(
        self, tmp_path: Path, catalog: Catalog
    ) -> None:
        with receiving(*[Answer(404, b"no_service")] * 3, Answer(200)) as broken, receiving() as good:
            clock = [NOW]
            watcher = service(tmp_path, catalog.url, {"broken": broken.url(), "good": good.url()}, clock)
            watcher.turn()
            catalog.shows(OWL, FINCH, HERON, MAXI)
            for _ in range(5):
                watcher.turn()
                clock[0] += timedelta(minutes=5)
            assert watcher.store.outbox.retry(None, clock[0]) == 1
            for _ in range(3):
                watcher.turn()
                clock[0] += timedelta(minutes=5)
            bodies = [request.body.decode() for request in good.requests]
            assert len(bodies) == 3
            assert "acme/finch-maxi is new" in bodies[0]
            assert "Channel broken has been failing since 2 Nov 2026 08:" in bodies[1]
            assert ": HTTP 404 no_service; see `watcher outbox`" in bodies[1]
            assert "Channel broken works again" in bodies[2]
            assert b"acme/finch-maxi is new" in broken.requests[-1].body
            watcher.store.close()

    def test_a_channel_that_is_down_is_reported_after_an_hour(self, tmp_path: Path, catalog: Catalog) -> None:
        with receiving(Answer(503)) as broken, receiving() as good:
            clock = [NOW]
            watcher = service(tmp_path, catalog.url, {"broken": broken.url(), "good": good.url()}, clock)
            watcher.turn()
            catalog.shows(OWL, FINCH, HERON, MAXI)
            for minutes in range(0, 100, 10):
                clock[0] = NOW + timedelta(minutes=minutes)
                watcher.turn()
            told = [request for request in good.requests if b"broken is failing" in request.body]
            assert len(told) == 1
            watcher.store.close()
