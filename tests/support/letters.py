"""Messages made up by hypothesis, of any size and with hostile text, and messages of made-up news."""

from typing import Any

from hypothesis import strategies as st

from watcher.domain.kinds import Kind
from watcher.domain.letter import Entry, Letter, Role, Section, Span, Successor
from watcher.forms.as_text import as_text
from watcher.forms.post import Post
from watcher.openrouter.ids import page

BAIT = (
    "<!channel>",
    "<@U123>",
    "@everyone",
    "@here",
    "<https://evil.example|click>",
    "[x](https://evil.example)",
    "![x](https://evil.example/i.png)",
    "<b>bold</b>",
    "<script>",
    "<users/all>",
    "<at>all</at>",
    "*bold*",
    "**bold**",
    "__under__",
    "_it_",
    "~strike~",
    "~~strike~~",
    "`code`",
    "```block```",
    "||spoiler||",
    "<t:1618953630>",
    "<:emoji:1>",
    ":smile:",
    "&lt;!channel&gt;",
    "https://evil.example/x",
    "\\*x\\*",
    '"quoted"',
    "> quote",
    "# heading",
    "#tag",
    "/stop",
    "\u202egnp",
    "\x1b[31m",
    "é😀",
)
WORDS = st.one_of(
    st.sampled_from(BAIT),
    st.text(max_size=30),
    st.sampled_from(["acme/owl-2", "~acme/owl-latest", "a" * 300, "😀" * 150, "&" * 200, '"' * 200]),
)
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)
IDS = st.one_of(st.sampled_from(["acme/owl-2", "~acme/owl-latest", "a/b:free", "x/*y*", "x/[y](z)"]), WORDS)
KINDS = st.one_of(st.sampled_from([*map(str, Kind)]), st.just("test"), st.just("unknown.kind"))
SEVERITIES = st.sampled_from(["critical", "warning", "info"])
SPANS = st.lists(st.builds(Span, TEXTS, st.sampled_from([*Role])), min_size=1, max_size=5).map(tuple)
SUCCESSORS = st.lists(
    st.builds(Successor, IDS, TEXTS, TEXTS, st.lists(TEXTS, max_size=2).map(tuple)), max_size=3
)


@st.composite
def entries(draw: Any) -> Entry:
    subject = draw(IDS)
    return Entry(
        kind=draw(KINDS),
        severity=draw(SEVERITIES),
        subject=subject,
        spans=draw(SPANS),
        name=draw(TEXTS),
        link=draw(st.one_of(st.none(), st.just(page(subject)))),
        names=draw(st.one_of(st.just(()), st.just(tuple(f"wetland/tern-{number}" for number in range(120))))),
        after=draw(TEXTS),
        notes=draw(st.lists(TEXTS, max_size=2).map(tuple)),
        trend=draw(st.sampled_from(["", "▁▁▃▃▆"])),
        successors=tuple(draw(SUCCESSORS)),
        events=draw(st.lists(st.sampled_from(["1", "2", "3"]), max_size=3).map(tuple)),
    )


@st.composite
def posts(draw: Any) -> Post:
    """Make up a message with at least one line."""
    pool = draw(st.lists(entries(), min_size=1, max_size=3))
    repeats = draw(st.sampled_from([1, 1, 1, 8]))
    headings = draw(st.lists(TEXTS, min_size=1, max_size=2))
    count = draw(st.one_of(st.none(), TEXTS))
    sections = tuple(
        Section(f"{heading} {turn}" if repeats > 1 else heading, tuple(pool), count)
        for turn in range(repeats)
        for heading in headings
    )
    data = tuple(
        {
            "id": str(n),
            "at": f"2026-11-2{n}T08:00:00Z",
            "kind": entry.kind,
            "subject": entry.subject,
            "after": {"x": draw(TEXTS)},
        }
        for n, entry in enumerate(pool)
    )
    letter = Letter(
        draw(SEVERITIES),
        draw(TEXTS),
        sections,
        draw(TEXTS),
        draw(st.sampled_from([(), ("… and 9 more",)])),
        data,
    )
    return Post(
        title=draw(TEXTS),
        body=as_text(letter),
        letter=letter,
        id="msg_1",
        at="2026-11-23T08:00:00Z",
        channel="team",
        rules=("r",),
    )
