import inspect
import math
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

from tests.support.catalogs import START
from tests.support.exposed_metrics import new_metrics, samples, value
from watcher import __version__
from watcher.domain.delivery import Verdict
from watcher.domain.kinds import KINDS
from watcher.domain.news import Event
from watcher.domain.observer import ChannelDepth, Telemetry
from watcher.service.metrics import Metrics

SECRET = "https://hooks.test/T0/s3cret"  # noqa: S105 - made up


def event(kind: str) -> Event:
    return Event("1", START, KINDS[kind], "acme/owl-2")


def test_polls_are_counted_by_outcome_and_the_last_good_one_has_its_time() -> None:
    metrics = new_metrics()
    metrics.asked("models", 0.3, START, failed=False)
    metrics.asked("models", 9.0, START + timedelta(hours=1), failed=True)
    assert value(metrics, "watcher_polls_total", source="models", outcome="good") == 1
    assert value(metrics, "watcher_polls_total", source="models", outcome="failed") == 1
    assert value(metrics, "watcher_polls_total", source="feed", outcome="good") == 0
    good = "watcher_source_last_good_timestamp_seconds"
    assert value(metrics, good, source="models") == START.timestamp()
    assert value(metrics, good, source="feed") == 0
    assert value(metrics, "watcher_fetch_duration_seconds_sum", source="models") == pytest.approx(9.3)
    assert value(metrics, "watcher_fetch_duration_seconds_bucket", source="models", le="0.5") == 1


def test_news_is_counted_by_kind_and_the_catalog_is_measured() -> None:
    metrics = new_metrics()
    metrics.planned(0.02, [event("price.changed"), event("price.changed"), event("model.added")], 600, 7)
    metrics.planned(0.02, [event("price.changed")], 601, 6)
    assert value(metrics, "watcher_events_total", kind="price.changed") == 3
    assert value(metrics, "watcher_events_total", kind="model.added") == 1
    assert value(metrics, "watcher_catalog_models") == 601
    assert value(metrics, "watcher_pending_differences") == 6
    assert value(metrics, "watcher_plan_duration_seconds_count") == 2


@pytest.mark.parametrize(
    ("verdict", "dead", "outcome"),
    [
        pytest.param(Verdict.SENT, False, "sent", id="sent"),
        pytest.param(Verdict.RETRY, False, "retry", id="to be tried again"),
        pytest.param(Verdict.REFUSED, False, "refused", id="refused, to be tried again"),
        pytest.param(Verdict.RETRY, True, "dead", id="tried for too long"),
        pytest.param(Verdict.REFUSED, True, "dead", id="refused for good"),
    ],
)
def test_an_attempt_to_send_counts_once(verdict: Verdict, dead: bool, outcome: str) -> None:  # noqa: FBT001 - a table
    metrics = new_metrics()
    metrics.delivered("team", verdict, dead=dead)
    counted = {key: count for key, count in samples(metrics).items() if key[0] == "watcher_deliveries_total"}
    labels = frozenset({("channel", "team"), ("outcome", outcome)})
    assert {key[1] for key, count in counted.items() if count} == {labels}
    assert sum(counted.values()) == 1


@pytest.mark.fault("L22")
def test_it_shows_when_all_channels_are_dead() -> None:
    metrics = new_metrics()
    metrics.outbox(
        {name: ChannelDepth(waiting=2, dead=3, oldest=7200, failing=True) for name in ("team", "ops")}
    )
    for name in ("team", "ops"):
        assert value(metrics, "watcher_channel_failing", channel=name) == 1
        assert value(metrics, "watcher_outbox_messages", channel=name, state="dead") == 3
        assert value(metrics, "watcher_outbox_messages", channel=name, state="waiting") == 2
        assert value(metrics, "watcher_outbox_oldest_waiting_seconds", channel=name) == 7200
    metrics.outbox({"team": ChannelDepth()})
    assert not any(
        value(metrics, "watcher_outbox_messages", channel=name, state=state)
        for name in ("team", "ops")
        for state in ("dead", "waiting")
    )


def test_what_is_not_known_yet_is_not_zero() -> None:
    metrics = new_metrics()
    assert math.isnan(value(metrics, "watcher_catalog_models"))
    assert math.isnan(value(metrics, "watcher_pending_differences"))
    assert not any(name.startswith(("watcher_outbox", "watcher_channel")) for name, _ in samples(metrics))


def test_every_counter_exists_before_its_first_event() -> None:
    metrics = new_metrics()
    found = {key for key, count in samples(metrics).items() if count == 0}
    expected = [
        *(("watcher_events_total", {"kind": kind}) for kind in KINDS),
        *(
            ("watcher_polls_total", {"source": source, "outcome": outcome})
            for source in ("models", "feed")
            for outcome in ("good", "failed")
        ),
        *(
            ("watcher_deliveries_total", {"channel": channel, "outcome": outcome})
            for channel in ("team", "ops")
            for outcome in ("sent", "retry", "refused", "dead")
        ),
    ]
    assert {(name, frozenset(labels.items())) for name, labels in expected} <= found


@pytest.mark.fault("Z14")
def test_labels_come_from_the_configuration_only() -> None:
    metrics = new_metrics()
    before = set(samples(metrics))
    metrics.asked(SECRET, 1.0, START, failed=False)
    metrics.planned(0.1, [event("price.changed")], 1, 1)
    metrics.delivered(SECRET, Verdict.SENT, dead=False)
    assert set(samples(metrics)) == before
    metrics.outbox({SECRET: ChannelDepth(1, 1, 1.0, failing=True)})
    assert SECRET.encode() not in metrics.exposition()[0]
    assert {dict(labels).get("channel", "team") for _, labels in samples(metrics)} == {"team", "ops"}


def test_a_new_configuration_drops_what_is_gone_and_keeps_counting_the_rest() -> None:
    metrics = new_metrics()
    metrics.asked("models", 1.0, START, failed=False)
    for name in ("team", "ops"):
        metrics.delivered(name, Verdict.SENT, dead=False)
    metrics.outbox({})
    metrics.configured(["models"], ["team", "mail"], timedelta(minutes=15))
    shown = [dict(labels) for _, labels in samples(metrics)]
    assert {labels["channel"] for labels in shown if "channel" in labels} == {"team", "mail"}
    assert {labels["source"] for labels in shown if "source" in labels} == {"models"}
    assert value(metrics, "watcher_deliveries_total", channel="team", outcome="sent") == 1
    assert value(metrics, "watcher_polls_total", source="models", outcome="good") == 1
    assert value(metrics, "watcher_poll_interval_seconds") == 900


def test_it_shows_version_start_and_whether_the_loop_turns() -> None:
    clock = [0.0]
    metrics = Metrics(clock=lambda: clock[0])
    [build] = [dict(labels) for name, labels in samples(metrics) if name == "watcher_build_info"]
    assert build["version"] == __version__
    assert value(metrics, "watcher_start_time_seconds") > START.timestamp() - 365 * 86400
    clock[0] = 90
    assert value(metrics, "watcher_loop_idle_seconds") == 90
    metrics.progress()
    assert value(metrics, "watcher_loop_idle_seconds") == 0


def test_two_in_one_process_are_independent() -> None:
    one, other = new_metrics(), new_metrics()
    one.asked("models", 1.0, START, failed=False)
    assert value(one, "watcher_polls_total", source="models", outcome="good") == 1
    assert value(other, "watcher_polls_total", source="models", outcome="good") == 0


def test_openmetrics_has_the_same_samples() -> None:
    metrics = new_metrics()
    metrics.planned(0.1, [event("price.changed")], 600, 7)
    text, media = metrics.exposition("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5")
    assert media.startswith("application/openmetrics-text; version=1.0.0")
    families = read_openmetrics(text.decode())  # type: ignore[no-untyped-call]
    read = [sample for family in families for sample in family.samples]
    assert {(sample.name, frozenset(sample.labels.items())) for sample in read} == set(samples(metrics))
    assert metrics.exposition("text/plain")[1].startswith("text/plain; version=0.0.4")


def test_everything_observed_is_measured() -> None:
    told = {name for name, _ in inspect.getmembers(Telemetry, inspect.isfunction)}
    assert told <= set(vars(Metrics)) | set(dir(object))
