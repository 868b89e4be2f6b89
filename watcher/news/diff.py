"""What differs between the document people know and the one that a source shows."""

from collections.abc import Mapping
from typing import Any

from deepdiff import DeepDiff
from deepdiff.helper import notpresent
from deepdiff.operator import BaseOperator

from watcher.domain.catalog import Aspect, Change, Document, FieldChange, Json
from watcher.openrouter.ids import is_alias

COMPARED = tuple(aspect for aspect in Aspect if aspect is not Aspect.COUNTDOWN)
COMPARED_OF_ALIAS = (Aspect.LISTED, Aspect.ALIAS)  # all else on an alias only echoes its target


def diff(model: str, announced: Document, observed: Document) -> list[Change]:
    """Give a Change for each aspect whose observed value is not the announced one."""
    compared = COMPARED_OF_ALIAS if is_alias(model) else COMPARED
    return [
        Change(aspect, announced[aspect], observed[aspect], _fields(announced[aspect], observed[aspect]))
        for aspect in compared
        if announced[aspect] != observed[aspect]
    ]


def _fields(before: Json, after: Json) -> tuple[FieldChange, ...]:
    """Name each field inside an aspect that differs; a list is one value."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return ()
    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, custom_operators=[_WholeList()])
    changes = [
        FieldChange(".".join(map(str, level.path(output_format="list"))), _value(level.t1), _value(level.t2))
        for levels in tree.values()
        for level in levels
    ]
    return tuple(sorted(changes, key=lambda change: change.path))


def _value(side: Any) -> Json:  # noqa: ANN401 - DeepDiff's own marker for an absent side has no public type
    return None if side is notpresent else side


class _WholeList(BaseOperator):
    """Reports a list as one value that changed: lists here are sorted sets."""

    def __init__(self) -> None:
        super().__init__(types=[list])

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:  # noqa: ANN401 - deepdiff has no types
        """Report the pair once, and go no deeper."""
        if level.t1 != level.t2:
            diff_instance.custom_report_result("list_changed", level)
        return True
