"""Make the pictures of docs/messages.md from real messages: `python3 tasks.py pictures`; needs Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from watcher.domain.kinds import Kind
from watcher.domain.news import Notification
from watcher.messages.digest import digest
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.reports.preview import post_of
from watcher.reports.preview_page import mail_page, preview_page

AT = datetime(
    2026, 11, 27, 8, tzinfo=UTC
)  # the same each time, so that a picture changes only with its message
FOLDER = Path(__file__).with_name("pictures")
SAMPLES = sample_events(AT)
NEWS = (Kind.EXPIRATION_ANNOUNCED, Kind.PRICE_CHANGED, Kind.MODEL_ADDED)
DAY = (
    Kind.MODEL_REMOVED,
    Kind.EXPIRATION_REMINDER,
    Kind.PRICE_CHANGED,
    Kind.PROVIDER_PRICE_CHANGED,
    Kind.MODEL_ADDED,
)
RULES = ("Leaving OpenRouter", "Dearer by a tenth", "New models")
SHARP = 2  # pixels for each pixel of the page
TALL = 3000
MADE_OF = "page"  # under which a picture has the fingerprint of its page
MARGIN = 24 * SHARP


def main() -> None:
    """Make them all."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        sys.exit("The pictures need Chromium: on Debian, apt install chromium.")
    FOLDER.mkdir(exist_ok=True)
    for name, (page, width, options) in pages().items():
        take(browser, page, width, options, FOLDER / f"{name}.png")


def pages() -> dict[str, tuple[str, int, tuple[str, ...]]]:
    """Return the page of each picture, its width, and the browser's options."""
    news = notification("team", AT, [SAMPLES[kind] for kind in NEWS], RULES)
    price = notification("team", AT, [SAMPLES[Kind.PRICE_CHANGED]], RULES[1:2])
    later = AT + timedelta(hours=1)
    day = digest("team", later, [SAMPLES[kind] for kind in DAY], RULES, "daily at 09:00", UTC) or news
    dark = ("--blink-settings=preferredColorScheme=0",)
    return {
        "slack": (slack(news), 700, ()),
        "mail": (mail(price), 700, ()),
        "mail-dark": (mail(price), 700, dark),
        "mail-phone": (mail(news), 360, ()),
        "digest": (slack(day), 700, ()),
    }


def slack(message: Notification) -> str:
    """Return the page of a message in Slack."""
    assert message.letter  # noqa: S101 - each message that is newly written has one
    return preview_page(post_of(message, message.letter), is_slack_only=True)


def mail(message: Notification) -> str:
    """Return the page of a mail."""
    assert message.letter  # noqa: S101 - see above
    return mail_page(post_of(message, message.letter))


def fingerprint(page: str) -> str:
    """Hash a page without the pictures in it, so that a test can tell whether its picture is outdated."""
    return sha256(re.sub(r"data:[^\"]*", "", page).encode()).hexdigest()


def take(browser: str, page: str, width: int, options: tuple[str, ...], target: Path) -> None:
    """Take a picture of a page, without the empty part below it."""
    with TemporaryDirectory() as folder:
        source, whole = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(page, encoding="utf-8")
        size = f"--window-size={width},{TALL}"
        always = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--force-device-scale-factor={SHARP}")
        command = [browser, *always, size, *options, f"--screenshot={whole}", source.as_uri()]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - the browser found above
        picture = Image.open(whole).convert("RGB")
        empty = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
        box = ImageChops.difference(picture, empty).getbbox() or (0, 0, *picture.size)
        bottom = min(box[3] + MARGIN, picture.height)
        made_of = PngInfo()
        made_of.add_text(MADE_OF, fingerprint(page))
        cropped = picture.crop((0, 0, picture.width, bottom))
        cropped.quantize(64).save(target, optimize=True, pnginfo=made_of)
    print(target)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
