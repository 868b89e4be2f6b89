"""What PromQL expressions query, and promtool, which checks them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from tests.support.exposed_metrics import Labels

PROMTOOL = "promtool"
needs_promtool = pytest.mark.skipif(
    not shutil.which(PROMTOOL) and "WATCHER_REQUIRE_ALL" not in os.environ,
    reason="promtool, of Debian's package prometheus, is not here",
)
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
RANGE = re.compile(r"\[[^]]*\]")
NAME = re.compile(r"([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
OPERATORS = {"and", "or", "unless", "bool", "offset"}
OF_THE_SCRAPE = {"job", "instance"}  # labels that Prometheus adds


def promtool(*arguments: str, given: bytes | None = None) -> None:
    """Run promtool, which must find no fault."""
    done = subprocess.run(
        [PROMTOOL, *arguments],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()


def faults(expression: str, exposed: Mapping[tuple[str, Labels], float]) -> Iterator[str]:
    """Yield what an expression queries that is not exposed: a metric, a label or a label's value."""
    for name, braces in NAME.findall(RANGE.sub(" ", GROUPING.sub(" ", expression))):
        if braces == "(" or name in OPERATORS:
            continue
        found = [dict(labels) for metric, labels in exposed if metric == name]
        if not found:
            yield f"there is no {name}"
        for label, operator, value in MATCHER.findall(braces):
            values = {labels.get(label) for labels in found}
            if label not in OF_THE_SCRAPE and (values == {None} or (operator == "=" and value not in values)):
                yield f"{name} has no {label}{operator}{value}"
