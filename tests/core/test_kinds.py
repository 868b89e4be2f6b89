import pytest

from watcher.domain.catalog import Aspect
from watcher.domain.kinds import Kind
from watcher.domain.policy import HOLDS


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_waits_for_a_hold_that_exists(kind: Kind) -> None:
    assert kind.row.hold is None or kind.row.hold in HOLDS


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.row.aspect])
def test_a_kind_of_an_aspect_has_a_hold_unless_it_is_derived_from_the_date(kind: Kind) -> None:
    assert (kind.row.hold is None) == (kind.row.aspect is Aspect.COUNTDOWN)


def test_no_aspect_belongs_to_two_kinds() -> None:
    aspects = [kind.row.aspect for kind in Kind if kind.row.aspect]
    assert len(set(aspects)) == len(aspects)
