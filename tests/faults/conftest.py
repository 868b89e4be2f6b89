"""Messages are sent by forked children here, which start at once; but for tests of how a child is started."""

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
