"""What a configuration does, in plain English."""

from watcher.config.config import Config
from watcher.domain.delivery import Channel
from watcher.domain.policy import HOLDS, REMINDERS
from watcher.rules.conditions import CONDITIONS
from watcher.rules.values import Duration


def summed_up(config: Config) -> str:
    """Say a configuration in a line."""
    rules = len(config.settings.rules)
    asked, told = " and ".join(config.sources), ", ".join(config.channels)
    return f"asks {asked} every {Duration(config.poll)}, tells {told} by {rules} rule{'s' * (rules != 1)}"


def explain(config: Config) -> list[str]:
    """Say in words what a configuration does; of channels only their kind, never their address."""
    settings = config.settings
    lines = [
        f"Every {Duration(config.poll)} ask {' and '.join(config.sources)}; remember in {config.store}.",
        f"Channels: {', '.join(f'{name} ({_kind(channel)})' for name, channel in config.channels.items())}.",
    ]
    lines += [
        f"{name} is quiet from {quiet.start:%H:%M} to {quiet.end:%H:%M} ({quiet.zone}) but for urgent rules."
        for name, channel in config.channels.items()
        if (quiet := channel.quiet)
    ]
    if config.heartbeat:
        lines.append("After each good poll, ask the heartbeat address.")
    if config.listen:
        lines.append(f"Serve metrics and health at {config.listen[0]}:{config.listen[1]}.")
    holds = [f"{n} {Duration(hold)}" for n, hold in settings.policy.holds.items() if hold != HOLDS[n]]
    if holds:
        lines.append(f"A difference is news once it has lasted (other than usual): {', '.join(holds)}.")
    if settings.policy.reminders != REMINDERS:
        days = ", ".join(map(str, settings.policy.reminders)) or "none"
        lines.append(f"Reminders, in days before a model leaves: {days}.")
    for rule in settings.rules:
        how = f"{' at any hour' * rule.urgent}{' and stop' * rule.stop}"
        lines.append(f"{rule.name}: tell {' and '.join(rule.notify)}{how} when")
        lines += [f"  - {CONDITIONS[name].say(wanted)}" for name, wanted in rule.when.items()] or [
            "  - anything happens"
        ]
    return lines


def _kind(channel: Channel) -> str:
    return channel.url.reveal().partition("://")[0]
