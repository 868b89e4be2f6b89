"""Here messages are sent by forked children, which start at once, unless a test is about starting them."""

from collections.abc import Iterator

import pytest

from tests.support.warm_sender import warm_sender


@pytest.fixture(autouse=True)
def _warm_sender(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("real_sender"):
        yield
        return
    with warm_sender():
        yield
