"""What differs between the announced document and the observed one."""

from collections.abc import Sequence
from typing import Any

from deepdiff import DeepDiff
from deepdiff.helper import notpresent
from deepdiff.operator import BaseOperator

from watcher.domain.catalog import Aspect, Change, Document, FieldChange, Json
from watcher.openrouter.ids import is_alias

COMPARED = tuple(aspect for aspect in Aspect if aspect is not Aspect.COUNTDOWN)
COMPARED_OF_ALIAS = (Aspect.LISTED, Aspect.ALIAS)  # everything else on an alias echoes its target


def diff(model: str, announced: Document, observed: Document) -> list[Change]:
    """Return a Change for each aspect whose observed value is not the announced one."""
    aspects = COMPARED_OF_ALIAS if is_alias(model) else COMPARED
    differ = [a for a in aspects if getattr(announced, a.value) != getattr(observed, a.value)]
    if not differ:
        return []
    # DeepDiff takes milliseconds for what is equal too, and most of a document is.
    before, after = ({a.value: getattr(side, a.value) for a in differ} for side in (announced, observed))
    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, custom_operators=[_WholeList()])
    fields: dict[str, list[FieldChange]] = {}
    for level in (level for levels in tree.values() for level in levels):
        aspect, *path = level.path(output_format="list")
        fields.setdefault(aspect, []).append(_field(path, level))
    return [_change(aspect, before, after, fields[aspect]) for aspect in differ if aspect in fields]


def _field(path: Sequence[object], level: Any) -> FieldChange:  # noqa: ANN401 - deepdiff has no types
    return FieldChange(".".join(map(str, path)), _value(level.t1), _value(level.t2))


def _value(side: Any) -> Json:  # noqa: ANN401 - DeepDiff's marker for an absent side has no public type
    return None if side is notpresent else side


def _change(aspect: Aspect, before: Any, after: Any, fields: Sequence[FieldChange]) -> Change:  # noqa: ANN401
    inner = sorted((field for field in fields if field.path), key=lambda field: field.path)
    return Change(aspect, before[aspect], after[aspect], tuple(inner))


class _WholeList(BaseOperator):
    """Reports a list as one value that changed: lists here are sorted sets."""

    def __init__(self) -> None:
        super().__init__(types=[list])

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:  # noqa: ANN401 - deepdiff has no types
        """Report two different lists once and go no deeper."""
        if level.t1 != level.t2:
            diff_instance.custom_report_result("list_changed", level)
        return True
