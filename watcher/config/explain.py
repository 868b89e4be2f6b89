"""What a configuration does, in plain English."""

from collections.abc import Sequence

from watcher.config.config import Config
from watcher.domain.delivery import Quiet
from watcher.domain.kinds import Severity
from watcher.domain.policy import HOLDS, REMINDERS
from watcher.domain.schedule import Pace, Pacing, Schedule
from watcher.rules.conditions import CONDITIONS
from watcher.rules.reach import Known, models_of, strangers
from watcher.rules.route import Rule
from watcher.rules.values import Duration
from watcher.text.counts import counted


def summed_up(config: Config) -> str:
    """Summarize a configuration in one line."""
    rules = counted(len(config.settings.rules), "rule")
    sources, channels = " and ".join(config.sources), ", ".join(config.channels)
    return f"polls {sources} every {Duration(config.poll)}, reports to {channels} with {rules}"


def explain(config: Config, known: Known | None = None) -> list[str]:
    """Explain a configuration in plain English; show only the kind of a channel, never its address.

    With `known`, each rule about models says how many match today.
    """
    settings = config.settings
    lines = [
        f"Polls {' and '.join(config.sources)} every {Duration(config.poll)}. The store is {config.store}.",
        f"Channels: {', '.join(f'{name} ({_kind(config, name)})' for name in config.channels)}.",
    ]
    if config.endpoints != "off":
        lines.append(f"Asks what providers charge, a few models at a time (endpoints: {config.endpoints}).")
    lines += [_quiet(name, channel.quiet) for name, channel in config.channels.items() if channel.quiet]
    lines += [f"{name} is told {_pacing(pacing)}." for name, pacing in settings.deliver.items()]
    if config.heartbeat:
        lines.append("Requests the heartbeat address after each good poll.")
    if config.listen:
        lines.append(f"Serves metrics and health at {config.listen[0]}:{config.listen[1]}.")
    if config.record:
        lines.append(f"Keeps the answers for {Duration(config.record.keep)} in {config.record.folder}.")
    holds = [f"{n} {Duration(hold)}" for n, hold in settings.policy.holds.items() if hold != HOLDS[n]]
    if holds:
        lines.append(
            f"Changed holds (how long a change must last before it is reported): {', '.join(holds)}."
        )
    if settings.policy.reminders != REMINDERS:
        lines.append(_reminders(settings.policy.reminders))
    for rule in settings.rules:
        lines += _rule(rule)
        if known and (today := _today(rule, known)):
            lines.append(today)
    return lines


def unmatched(config: Config, known: Known) -> list[str]:
    """Warn of the patterns in rules that match nothing known."""
    return [
        config.located(("rules", number, "when", key, entry), what)
        for number, rule in enumerate(config.settings.rules)
        for key, entry, what in strangers(rule.when, known)
    ]


def _quiet(channel: str, quiet: Quiet) -> str:
    hours = f"from {quiet.start:%H:%M} to {quiet.end:%H:%M} ({quiet.zone})"
    return f"{channel} is quiet {hours}, except for what is critical."


def _pacing(pacing: Pacing) -> str:
    """Say when something is told."""
    if isinstance(pacing, Schedule):
        return f"{pacing} ({pacing.zone}), in one digest; what is critical at once"
    return "of each event by itself, at once" if pacing is Pace.NOW else "once after each poll"


def _reminders(days: Sequence[int]) -> str:
    if not days:
        return "Sends no reminders."
    return f"Sends reminders {', '.join(map(str, days))} days before a model leaves."


def _rule(rule: Rule) -> list[str]:
    first = f"{rule.name}: reports to {' and '.join(rule.notify)}"
    first += f" as {rule.severity.word}" if rule.severity is not None else ""
    if rule.severity is Severity.CRITICAL:
        first += ", even in quiet hours,"
    if rule.stop:
        first += " and stops further rules," if first.endswith(",") else ", stops further rules,"
    conditions = [CONDITIONS[name].describe(wanted) for name, wanted in rule.when.items()]
    when = [f"  told {_pacing(rule.deliver)}"] if rule.deliver else []
    return [f"{first} if", *(f"  - {condition}" for condition in conditions or ["anything changes"]), *when]


def _today(rule: Rule, known: Known) -> str | None:
    """Say how many models meet the rule, if it is about models and there are any."""
    met, listed = models_of(rule, known.listed), len(known.listed)
    if met is None or not listed:
        return None
    return f"  matches {len(met)} of {counted(listed, 'model')} today"


def _kind(config: Config, name: str) -> str:
    if config.missing_of(name):
        return "its address is missing"
    return config.channels[name].url.reveal().partition("://")[0]
