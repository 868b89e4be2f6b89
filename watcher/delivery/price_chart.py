"""The picture of a model's price in a mail: the only place that imports Pillow."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from watcher.forms.chart import PriceHistory, Step, day
from watcher.openrouter.prices import dollars

WIDTH, PANEL, TOP, BOTTOM = 1088, 250, 60, 64  # pixels: twice what they take on the screen
LEFT, RIGHT, NOW = 124, 150, 44  # NOW: room after the last day, so that the newest price has a line
HEAD, FOOT, GAP, EDGE = 54, 24, 14, 28
SMALL, LARGE = 25, 29
LINE, DOT = 6, 9
BACKGROUND, GRID, TEXT, MUTED = "#f6f8fb", "#d5dce5", "#1b2430", "#566270"
COLORS = {"prompt": ("#0a53be", "#dde8f9"), "completion": ("#7a3fd1", "#ece4fa")}
TICKS = 2  # of the price, above zero
ROUND = (1, 2, 3, 4, 5, 6, 8, 10)  # at which a scale may end, times a power of ten

Point: TypeAlias = tuple[float, float]


def png(history: PriceHistory) -> bytes:
    """Draw the steps of each price from zero, so that a step is as high as it is large."""
    height = TOP + PANEL * len(history.series) + BOTTOM
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.text((EDGE, EDGE - 6), "USD per million tokens", MUTED, _font(SMALL))
    for number, (name, steps) in enumerate(history.series.items()):
        panel = _Panel(history, steps, TOP + PANEL * number)
        panel.draw(draw, name)
    _days(draw, history, height - BOTTOM + GAP)
    file = BytesIO()
    image.quantize(128).save(file, "PNG", optimize=True)
    return file.getvalue()


class _Panel:
    """One price with its scale."""

    def __init__(self, history: PriceHistory, steps: Sequence[Step], top: int) -> None:
        self.steps, self.top = steps, top
        self.head, self.foot = top + HEAD, top + PANEL - FOOT
        self.highest = _ceiling(max(price for _, price in steps))
        self.points: list[Point] = []
        for at, price in steps:
            across = _across(at, history)
            self.points += [(across, self.points[-1][1])] if self.points else []
            self.points.append((across, self._level(price)))
        self.points.append((WIDTH - RIGHT, self.points[-1][1]))

    def _level(self, price: Decimal) -> float:
        return self.foot - float(price / self.highest) * (self.foot - self.head)

    def draw(self, draw: ImageDraw.ImageDraw, name: str) -> None:
        """Draw the scale, the steps and, at the end of their line, the newest price."""
        line, area = COLORS[name]
        ends = [(self.points[-1][0], self.foot), (self.points[0][0], self.foot)]
        draw.polygon([*self.points, *ends], area)
        draw.text((LEFT, self.top + 8), name, TEXT, _font(LARGE))
        for tick in range(TICKS + 1):
            value = self.highest * tick / TICKS
            level = self._level(value)
            draw.line((LEFT, level, WIDTH - RIGHT, level), GRID, 2)
            draw.text((LEFT - GAP, level), dollars(value) if tick else "$0", MUTED, _font(SMALL), anchor="rm")
        draw.line(self.points, line, LINE, joint="curve")
        across, level = self.points[-1]
        draw.ellipse((across - DOT, level - DOT, across + DOT, level + DOT), line)
        draw.text((across + GAP + DOT, level), dollars(self.steps[-1][1]), line, _font(LARGE), anchor="lm")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _days(draw: ImageDraw.ImageDraw, history: PriceHistory, top: int) -> None:
    """Write the first, the middle and the last day."""
    middle = history.start + (history.end - history.start) / 2
    for at, anchor in ((history.start, "lt"), (middle, "mt"), (history.end, "mt")):
        draw.text((_across(at, history), top), day(at), MUTED, _font(SMALL), anchor=anchor)


def _across(at: datetime, history: PriceHistory) -> float:
    whole = (history.end - history.start).total_seconds() or 1.0
    part = min(max((at - history.start).total_seconds() / whole, 0.0), 1.0)
    return LEFT + part * (WIDTH - RIGHT - NOW - LEFT)


def _ceiling(highest: Decimal) -> Decimal:
    """Return the round number at which the scale ends."""
    power = Decimal(1).scaleb(highest.adjusted() if highest > 0 else 0)
    return next(number * power for number in ROUND if number * power >= highest)
