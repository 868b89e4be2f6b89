import pytest

from watcher.text.retry_after import retry_after

NOW = "Mon, 23 Nov 2026 08:00:00 GMT"
SOON = "Mon, 23 Nov 2026 08:01:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": " 120 "}, 120.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "soon", "Date": NOW}, None),
        ({"Retry-After": SOON, "Date": NOW}, 90.0),
        ({"Retry-After": NOW, "Date": SOON}, 0.0),
        ({"Retry-After": SOON}, None),
        ({"Retry-After": SOON.removesuffix(" GMT"), "Date": NOW}, None),
    ],
)
def test_the_wait_is_in_seconds_from_the_servers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
