"""A sample message, for trying a channel."""

from datetime import datetime, timedelta

from watcher.domain.catalog import FieldChange
from watcher.domain.kinds import Kind
from watcher.domain.news import Event, Notification
from watcher.messages.message import notification


def sample(channel: str, at: datetime) -> Notification:
    """Write a message that looks like a real one, for trying a channel."""
    before, after = (
        {"prompt": "0.00000125", "completion": "0.00001"},
        {"prompt": "0.0000015", "completion": "0.0000125"},
    )
    fields = tuple(FieldChange(key, before[key], after[key]) for key in before)
    price = Event("sample-price", at, Kind.PRICE_CHANGED, "acme/owl-2", before, after, fields)
    day = f"{at + timedelta(days=5):%Y-%m-%d}"
    leaving = Event("sample-date", at, Kind.EXPIRATION_ANNOUNCED, "wetland/heron-large", None, day)
    return notification(channel, at, [price, leaving], ["Test of this channel"])
