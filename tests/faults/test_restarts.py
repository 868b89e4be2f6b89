import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.catalogs import FINCH, HERON, OWL, priced
from tests.support.receivers import receiving, receiving_mail
from tests.support.served_catalog import Catalog, has_polled_twice_more
from tests.support.watcher_process import configure, eventually, finished, running

DEARER = priced(OWL, "0.0000015", "0.0000125")
LEAVING = HERON | {"expiration_date": f"{datetime.now(UTC) + timedelta(days=200):%Y-%m-%d}"}


def test_an_alert_arrives_once_by_mail_and_by_http_across_restarts(tmp_path: Path, catalog: Catalog) -> None:
    with receiving() as http, receiving_mail() as mail:
        file = configure(
            tmp_path,
            catalog.url,
            {"hook": http.url("/alerts"), "ops": mail.url()},
            "holds: {price_listed: 3s}",
        )
        store = tmp_path / "watcher.db"
        with running(file):
            has_polled_twice_more(store)
            catalog.shows(DEARER, FINCH, LEAVING)
            eventually(lambda: len(mail.mails) == len(http.requests) == 1, "the date is told")
        with running(file):
            eventually(lambda: len(mail.mails) == len(http.requests) == 2, "the price is told")
            has_polled_twice_more(store)
        with running(file):
            has_polled_twice_more(store)
        assert [m["Subject"].partition(" (")[0] for m in mail.mails] == [
            "wetland/heron-large leaves in 200 days",
            "acme/owl-2 dearer: prompt +20 %, completion +25 %",
        ]
        assert len(http.requests) == 2
        text = mail.mails[1].get_body(("plain",))
        page = mail.mails[1].get_body(("html",))
        line = "acme/owl-2: prompt $1.25 → $1.50 (+20 %), completion $10.00 → $12.50 (+25 %) per M tokens"
        assert text is not None
        assert line in " ".join(text.get_content().split())
        assert page is not None
        assert ">Prices</h2>" in page.get_content()
        assert line in json.loads(http.requests[1].body)["message"]
    shown = finished(file, "outbox", "--json").stdout.splitlines()
    assert len(shown) == 4
    assert all('"state": "sent"' in line for line in shown)
