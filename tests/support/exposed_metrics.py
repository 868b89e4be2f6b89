"""The samples that a Metrics exposes, parsed as Prometheus does."""

from collections.abc import Mapping
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from tests.support.catalogs import START
from watcher.domain.delivery import Verdict
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.observer import ChannelDepth
from watcher.service.metrics import Metrics

Labels = frozenset[tuple[str, str]]


def samples(metrics: Metrics) -> Mapping[tuple[str, Labels], float]:
    """Return every sample's value by its name and labels."""
    text, _ = metrics.exposition()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """Return one sample's value."""
    return samples(metrics)[name, frozenset(labels.items())]


def new_metrics() -> Metrics:
    """Return a Metrics for two sources and two channels that has observed nothing yet."""
    metrics = Metrics()
    metrics.configured(["models", "feed"], ["team", "ops"], timedelta(minutes=5))
    return metrics


def metrics_after_everything() -> Metrics:
    """Return a Metrics that has observed everything once."""
    metrics = new_metrics()
    metrics.ready()
    metrics.progress()
    metrics.asked("models", 0.3, START, failed=False)
    metrics.planned(0.02, [Event("1", START, Kind.PRICE_CHANGED, "acme/owl-2")], 600, 7)
    metrics.catalog(1, 1)
    metrics.store(Event("2", START, Kind.STORE_FAILING, "store"), failing=True)
    metrics.delivered("team", Verdict.SENT, dead=False)
    metrics.outbox({"team": ChannelDepth(waiting=1, dead=1, oldest=60.0, failing=True)})
    return metrics
