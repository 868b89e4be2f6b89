"""The picture of a price is drawn for any numbers, and shows its steps where they were."""

from io import BytesIO

import pytest
from PIL import Image

from tests.support.mail_pages import CHART, since
from watcher.delivery.price_chart import BACKGROUND, COLORS, RIGHT, WIDTH, png
from watcher.forms.chart import read_history

MOST_BYTES = 40_000
PROMPT, _ = COLORS["prompt"]


def drawn(**series: list[tuple[float, str]]) -> Image.Image:
    steps = {name: [[since(days), price] for days, price in one] for name, one in series.items()}
    history = read_history({**CHART, "series": steps})
    assert history
    content = png(history)
    assert len(content) < MOST_BYTES
    return Image.open(BytesIO(content)).convert("RGB")


def rows(image: Image.Image, across: int, color: str) -> list[int]:
    """Return the rows of a column that have about this color."""
    wanted = bytes.fromhex(color[1:])
    column = image.crop((across, 0, across + 1, image.height)).tobytes()
    pixels = [column[start : start + 3] for start in range(0, len(column), 3)]
    return [
        down
        for down, pixel in enumerate(pixels)
        if all(abs(one - other) < 12 for one, other in zip(pixel, wanted, strict=True))
    ]


def test_a_price_that_rose_is_higher_from_then_on() -> None:
    image = drawn(prompt=[(90, "1"), (45, "2")])
    before, after = (min(rows(image, across, PROMPT)) for across in (200, 800))
    assert after < before - 50
    assert image.width == WIDTH


def test_each_price_has_a_part_of_the_picture() -> None:
    both, one = drawn(prompt=[(90, "1")], completion=[(90, "4")]), drawn(completion=[(90, "4")])
    assert both.height > one.height
    assert rows(both, 500, PROMPT)
    assert rows(both, 500, COLORS["completion"][0])
    assert both.getpixel((2, 2)) == tuple(bytes.fromhex(BACKGROUND[1:]))


@pytest.mark.parametrize(
    "prices",
    [
        pytest.param([(90, "0")], id="free"),
        pytest.param([(90, "0.00000001"), (1, "0")], id="tiny"),
        pytest.param([(90, "123456789.5")], id="huge"),
        pytest.param([(500, "1"), (-20, "2")], id="outside"),
        pytest.param([(90 - number / 5, str(number % 7)) for number in range(400)], id="many"),
        pytest.param([(0, "9.99")], id="just-now"),
    ],
)
def test_any_prices_can_be_drawn(prices: list[tuple[float, str]]) -> None:
    assert rows(drawn(prompt=prices), WIDTH - RIGHT - 3, PROMPT)


def test_a_history_of_no_length_can_be_drawn() -> None:
    history = read_history({**CHART, "from": since(0)})
    assert history
    assert png(history).startswith(b"\x89PNG")
