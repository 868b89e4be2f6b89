"""The SQLite file: state, history, events and the outbox."""
