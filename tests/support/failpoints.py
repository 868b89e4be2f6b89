"""Named points of the program at which a test can end or hinder it; the program knows nothing of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any


@dataclass(frozen=True)
class Point:
    """An event of `sys.setprofile` at `place`, written `module:qualname`.

    For C events `builtin` is the function that is called there. `inside` is a place that must be among the
    callers, `when` what must hold of the variables.
    """

    event: str
    place: str
    builtin: str = ""
    inside: str = ""
    when: Callable[[Mapping[str, Any]], bool] | None = None

    def is_here(self, frame: FrameType, event: str, called: Any) -> bool:
        """Tell whether the program is at the point."""
        return (
            event == self.event
            and _is_at(frame, self.place)
            and (not self.builtin or called.__name__ == self.builtin)
            and (not self.inside or _is_inside(frame, self.inside))
            and (self.when is None or self.when(frame.f_locals))
        )


def _is_at(frame: FrameType, place: str) -> bool:
    module, _, name = place.partition(":")
    code: CodeType = frame.f_code
    return code.co_qualname == name and frame.f_globals.get("__name__") == module


def _is_inside(frame: FrameType, place: str) -> bool:
    caller = frame.f_back
    while caller and not _is_at(caller, place):
        caller = caller.f_back
    return caller is not None


def before(place: str, **more: Any) -> Point:
    return Point("call", f"watcher.{place}", **more)


def after(place: str, **more: Any) -> Point:
    return Point("return", f"watcher.{place}", **more)


def committing(inside: str) -> Point:
    """All of a transaction is written and nothing of it is committed."""
    return Point("c_call", "watcher.database:Tables.transaction", "commit", f"watcher.{inside}")


def in_poll(place: str, **more: Any) -> Point:
    """A part of what a poll writes."""
    return after(place, inside="watcher.store:Store.commit", **more)


def has_several(variables: Mapping[str, Any]) -> bool:
    return len(variables["batch"]) > 1


TRANSACTION = "watcher.database:Tables.transaction"
POINTS: Mapping[str, Point] = {
    "before_fetch": before("fetch:fetch"),
    "fetching": before("fetch:_page"),
    "fetched": after("fetch:fetch"),
    "parsed": after("polling:ask"),
    "looked": after("polling:look"),
    "planned": after("plan:plan"),
    "transaction_begun": Point("c_return", TRANSACTION, "execute", "watcher.store:Store.commit"),
    "models_written": in_poll("store:Store._write_models"),
    "table_written": in_poll("database:Tables.insert"),
    "event_written": in_poll("rows:event_row"),
    "message_written": in_poll("rows:outbox_row"),
    "before_commit": committing("store:Store.commit"),
    "committed": after("store:Store.commit"),
    "forgetting": committing("store:Store.forget"),
    "batches_ready": after("courier:Courier._ready"),
    "claiming": committing("outbox:Outbox.claim"),
    "claimed": after("outbox:Outbox.claim"),
    "merging_messages": after("dispatch:as_one", when=has_several),
    "child_started": Point("return", "subprocess:Popen.__init__", inside="watcher.deliver:_run"),
    "job_handed_over": Point("c_return", "watcher.deliver:_talk", "write"),
    "answered": after("deliver:_talk"),
    "delivered": after("deliver:deliver"),
    "before_ack": before("outbox:Outbox.finish"),
    "acknowledging": committing("outbox:Outbox.finish"),
    "acknowledged": after("outbox:Outbox.finish"),
    "recovering": committing("outbox:Outbox.recover"),
    "recovered": after("outbox:Outbox.recover"),
    "closing": Point("c_call", "sqlite_utils.db:Database.close", "close"),
    "file_made": after("database:_create"),
    "creating": before("database:v1"),
    "table_made": after("database:_create_table"),
    "created": after("database:v1"),
    "copying_before_migration": Point(
        "c_call", "watcher.database:Tables.copy", "execute", "watcher.database:Tables._migrate"
    ),
    "copied_before_migration": after("database:Tables.copy", inside="watcher.database:Tables._migrate"),
    "migrating": before("database:v2"),
    "column_added": Point("return", "sqlite_utils.db:Table.add_column", inside="watcher.database:v2"),
    "migrated": after("database:v2"),
    "before_migrations_commit": committing("database:Tables._migrate"),
    "migrations_committed": after("database:Tables._migrate"),
    "backing_up": Point("c_call", "watcher.database:Tables.copy", "execute", "watcher.store:Store.backup"),
    "backup_copied": after("database:Tables.copy", inside="watcher.store:Store.backup"),
    "marking_backup": committing("store:Store.backup"),
    "backup_marked": Point("c_return", TRANSACTION, "commit", "watcher.store:Store.backup"),
    "before_backup_is_named": Point("call", "pathlib:Path.replace", inside="watcher.store:Store.backup"),
    "backed_up": after("store:Store.backup"),
    "turned": before("systemd:notify", inside="watcher.service:Service.run"),
    "waiting": Point("call", "threading:Event.wait", inside="watcher.service:Service.run"),
}
