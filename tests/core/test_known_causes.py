import pytest

from watcher.domain.kinds import Kind
from watcher.news import known_causes
from watcher.rules.values import Globs


@pytest.mark.parametrize(
    ("kind", "pattern", "answer"),
    [
        (Kind.PRICE_CHANGED, "Alibaba ended its 41 % discount", True),
        (Kind.PRICE_CHANGED, "*ended its*", True),
        (Kind.PRICE_CHANGED, "nope", False),
        (Kind.PRICE_CHANGED, "without notice", False),
        (Kind.MODEL_REMOVED, "without notice", True),
        (Kind.MODEL_REMOVED, "the free offer ended, acme/owl costs $1.00 in, $2.00 out per M tokens", True),
        (Kind.PROVIDER_REMOVED, "down to one provider", True),
        (Kind.MODEL_RETURNED, "*", True),
        (Kind.MODEL_RETURNED, "?*", False),
        (Kind.SOURCE_FAILING, "anything at all", True),
    ],
)
def test_a_kind_has_its_own_causes(kind: Kind, pattern: str, *, answer: bool) -> None:
    assert known_causes.can_have(kind, pattern) is answer
    assert known_causes.met_by(kind, Globs((pattern,))) is answer


def test_a_pattern_that_only_excludes_is_met_by_everything() -> None:
    assert all(known_causes.met_by(kind, Globs(("!without notice",))) for kind in Kind)


def test_causes_are_said_without_the_parts_that_vary() -> None:
    assert known_causes.said([Kind.MODEL_ADDED, Kind.MODEL_ADDED]) == [
        "seen in the feed, not yet in the list",
        "renamed from ...",
    ]
