"""Named points of the program at which a test can kill or hinder it; the program does not know of them."""

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
        """Return whether the program is at the point."""
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
    """The point where a transaction is written but not committed."""
    return Point("c_call", "watcher.store.database:Tables.transaction", "commit", f"watcher.{inside}")


def in_poll(place: str, **more: Any) -> Point:
    """The point after a part of what a poll writes."""
    return after(place, inside="watcher.store.store:Store.commit", **more)


def has_several(variables: Mapping[str, Any]) -> bool:
    return len(variables["batch"]) > 1


def has_outcome(variables: Mapping[str, Any]) -> bool:
    return bool(vars(type(variables["self"]))["_unwritten"].__get__(variables["self"]))


TRANSACTION = "watcher.store.database:Tables.transaction"
POINTS: Mapping[str, Point] = {
    "before_fetch": before("sources.fetch:fetch"),
    "fetching": before("sources.fetch:_page"),
    "fetched": after("sources.fetch:fetch"),
    "parsed": after("sources.ask:ask"),
    "looked": after("sources.ask:look"),
    "planned": after("news.plan:plan"),
    "transaction_begun": Point("c_return", TRANSACTION, "execute", "watcher.store.store:Store.commit"),
    "models_written": in_poll("store.store:Store._write_models"),
    "table_written": in_poll("store.database:Tables.insert"),
    "event_written": in_poll("store.message_rows:event_row"),
    "message_written": in_poll("store.message_rows:outbox_row"),
    "before_commit": committing("store.store:Store.commit"),
    "committed": after("store.store:Store.commit"),
    "forgetting": committing("store.store:Store.forget"),
    "batches_ready": after("delivery.courier:Courier._ready"),
    "claiming": committing("store.outbox:Outbox.claim"),
    "claimed": after("store.outbox:Outbox.claim"),
    "merging_messages": after("delivery.schedule:as_one", when=has_several),
    "child_started": Point(
        "return", "subprocess:Popen.__init__", inside="watcher.delivery.apprise_process:ask"
    ),
    "job_handed_over": Point("c_return", "watcher.delivery.apprise_process:_talk", "write"),
    "answered": after("delivery.apprise_process:_talk"),
    "delivered": before("delivery.courier:Courier._write", when=has_outcome),
    "before_ack": before("store.outbox:Outbox.finish"),
    "acknowledging": committing("store.outbox:Outbox.finish"),
    "acknowledged": after("store.outbox:Outbox.finish"),
    "recovering": committing("store.outbox:Outbox.recover"),
    "recovered": after("store.outbox:Outbox.recover"),
    "closing": Point("c_call", "sqlite_utils.db:Database.close", "close"),
    "file_made": after("store.database:_create"),
    "creating": before("store.migrations:v1"),
    "table_made": after("store.migrations:_create_table"),
    "created": after("store.migrations:v1"),
    "copying_before_migration": Point(
        "c_call", "watcher.store.database:Tables.copy", "execute", "watcher.store.database:Tables._migrate"
    ),
    "copied_before_migration": after(
        "store.database:Tables.copy", inside="watcher.store.database:Tables._migrate"
    ),
    "migrating": before("store.migrations:v2"),
    "column_added": Point("return", "sqlite_utils.db:Table.add_column", inside="watcher.store.migrations:v2"),
    "migrated": after("store.migrations:v2"),
    "before_migrations_commit": committing("store.database:Tables._migrate"),
    "migrations_committed": after("store.database:Tables._migrate"),
    "backing_up": Point(
        "c_call", "watcher.store.database:Tables.copy", "execute", "watcher.store.store:Store.backup"
    ),
    "backup_copied": after("store.database:Tables.copy", inside="watcher.store.store:Store.backup"),
    "marking_backup": committing("store.store:Store.backup"),
    "backup_marked": Point("c_return", TRANSACTION, "commit", "watcher.store.store:Store.backup"),
    "before_backup_is_named": Point(
        "call", "pathlib:Path.replace", inside="watcher.store.store:Store.backup"
    ),
    "backed_up": after("store.store:Store.backup"),
    "turned": before("service.systemd:notify", inside="watcher.service.loop:Service.run"),
    "waiting": Point("call", "threading:Event.wait", inside="watcher.service.loop:Service.run"),
}
