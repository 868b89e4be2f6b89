"""What a store's outbox would have sent now."""

from datetime import datetime

from watcher.delivery.schedule import ready
from watcher.domain.delivery import Channel, Delivery, Secret
from watcher.store.store import Store


def due(store: Store, now: datetime) -> list[tuple[Delivery, ...]]:
    """Return the next message of each channel, by the channel's name, for channels without quiet hours."""
    waiting = sorted(store.outbox.waiting().items())
    batches = (ready(messages, [], Channel(name, Secret("")), now) for name, messages in waiting)
    return [batch for batch in batches if batch]
