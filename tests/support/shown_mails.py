"""Mails whose pages are kept in tests/golden_mails; `python -m tests.support.shown_mails` writes them anew."""

from pathlib import Path

from tests.support.mail_pages import CHART
from watcher.domain.letter import Entry, Letter, Role, Section, Span, Successor
from watcher.forms.mail_html import html

GOLDEN = Path(__file__).parents[1] / "golden_mails"
PICTURE = "cid:price@example.test"
OWL = "https://openrouter.ai/acme/owl-2"
HERON = "https://openrouter.ai/wetland/heron-large"

PRICE = Entry(
    "price.changed",
    "warning",
    "acme/owl-2",
    (
        Span("acme/owl-2", Role.SUBJECT),
        Span(": prompt $1.25 → $1.50 ("),
        Span("+20 %", Role.WORSE),
        Span("), completion $12.50 → $10.00 ("),
        Span("-20 %", Role.BETTER),
        Span(") per M tokens"),
    ),
    name="Acme: Owl 2",
    link=OWL,
    notes=("highest since May",),
    trend="▁▁▃▃▆",
)
LEAVING = Entry(
    "expiration.announced",
    "critical",
    "wetland/heron-large",
    (Span("wetland/heron-large", Role.SUBJECT), Span(" leaves on Sat 28 Nov 2026, in 5 days")),
    link=HERON,
    after="; also applies to wetland/heron-large:free",
    successors=(
        Successor("wetland/heron-2", "Wetland: Heron 2", "20 % cheaper"),
        Successor("acme/owl-2", "", "15 % dearer", ("vision", "tools")),
    ),
)
TOGETHER = Entry(
    "expiration.announced",
    "critical",
    "",
    (Span("3 models leave on Sat 28 Nov 2026, in 5 days: "),),
    names=("wetland/wren", "wetland/teal", "wetland/<rail>"),
)
TROUBLE = Entry(
    "source.failing",
    "critical",
    "",
    (Span("No good answer from the "), Span("feed", Role.SUBJECT), Span(" source for 3 hours")),
)
FOOTER = "Rules: Leaving OpenRouter, Dearer by a tenth · 23 Nov 2026 08:00 UTC"

SHOWN: dict[str, tuple[str, Letter, str | None]] = {
    "price": (
        "acme/owl-2: prompt +20 %, completion -20 %",
        Letter("warning", PRICE.text, (Section("Prices", (PRICE,)),), FOOTER, chart=CHART),
        PICTURE,
    ),
    "several": (
        "wetland/heron-large leaves in 5 days and 9 more changes",
        Letter(
            "critical",
            LEAVING.text,
            (
                Section("Leaving OpenRouter", (LEAVING, TOGETHER)),
                Section("Prices", (), "14 models changed price: 9 up (to +90 %), 5 down"),
                Section("Prices", (PRICE, PRICE)),
                Section("Watcher itself", (TROUBLE,)),
            ),
            FOOTER,
            more=("… and 12 more; see `watcher events --since 2026-11-23T08:00Z`",),
        ),
        None,
    ),
    "info": (
        "acme/condor-3 is new",
        Letter(
            "info",
            "acme/condor-3 is new",
            (
                Section(
                    "New models",
                    (
                        Entry(
                            "model.added",
                            "info",
                            "acme/condor-3",
                            (Span("acme/condor-3", Role.SUBJECT), Span(" is new: free")),
                            name="acme/condor-3",
                            link="https://openrouter.ai/acme/condor-3",
                        ),
                    ),
                ),
            ),
            "Rule: New models · 23 Nov 2026 08:00 UTC",
        ),
        None,
    ),
}

if __name__ == "__main__":
    for name, (title, letter, chart) in SHOWN.items():
        (GOLDEN / f"{name}.html").write_text(html(title, letter, chart), "utf-8")
