"""A folder of one's own with a configuration, and polls straight into its store."""

from datetime import datetime
from pathlib import Path

from watcher.domain.polls import Answer, Poll
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.store.store import Store


def configured(folder: Path, rules: str) -> Path:
    """Write a configuration that only its owner can read, as one with addresses should be."""
    file = folder / "rules.yaml"
    file.write_text(rules)
    file.chmod(0o600)
    return file


def answered(store: Store, settings: Settings, at: datetime, answer: Answer) -> None:
    """Store what follows from an answer of the model list at a time (UTC)."""
    before = store.state()
    store.commit(before, plan(before, Poll(at, {"models": answer}), settings))
