"""Contrast of the texts of a page, as WCAG computes it, in the light and in the dark."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import html5lib

INLINE = re.compile(r"(?<![\w-])(color|background-color|display)\s*:\s*([^;!]+)")
DARK = re.compile(r"@media \(prefers-color-scheme:\s?dark\)\s?\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
Style = Mapping[str, str]


def parsed(page: str) -> Any:
    """Read a page; any error of its HTML is raised."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def worst(page: str, *, is_dark: bool) -> tuple[float, str]:
    """Return the lowest contrast of any text, and which it is."""
    rules = dark_rules(page) if is_dark else {}
    found = list(_contrasts(parsed(page).find("body"), {}, rules))
    assert found
    return min(found)


def dark_rules(page: str) -> Mapping[str, Style]:
    """Return what applies in the dark, by class or element."""
    section = DARK.search(page)
    assert section
    rules: dict[str, dict[str, str]] = {}
    for names, body in RULE.findall(section[1]):
        for name in names.split(","):
            rules.setdefault(name.strip().removeprefix("."), {}).update(_style(body))
    return rules


def _contrasts(element: Any, inherited: Style, rules: Mapping[str, Style]) -> Iterator[tuple[float, str]]:
    style = {**inherited, **_style(element.get("style") or "")}
    for name in (element.tag, *(element.get("class") or "").split()):
        style |= rules.get(name, {})
    if style.get("display") == "none":
        return
    texts = [element.text, *(child.tail for child in element)]
    for text in texts:
        if text and text.strip():
            yield contrast(style["color"], style["background-color"]), text.strip()
    for child in element:
        yield from _contrasts(child, style, rules)


def _style(css: str) -> dict[str, str]:
    return {name: value.strip() for name, value in INLINE.findall(css)}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors like `#0a53be`, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    assert re.fullmatch(r"#[0-9a-f]{6}", color), color
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
