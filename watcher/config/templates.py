"""Templates in the configuration that cannot be filled in."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from watcher.config.rule_checks import kinds_of, rule_of
from watcher.config.schema import File, RuleSection, TemplateSection
from watcher.config.variables import Problem
from watcher.config.yaml_file import Key
from watcher.domain.delivery import Template

SOME_DAY = datetime(2027, 1, 4, 9, tzinfo=UTC)  # of the made-up news on which templates are tried


def template_faults(content: File) -> Iterator[Problem]:
    """Find the templates that have mistakes, each tried on made-up news of the kinds that it may get."""
    for number, rule in enumerate(content.rules):
        yield from _faults(("rules", number), rule.template, [rule])
    for name, channel in content.channels.items():
        yield from _faults(
            ("channels", name), channel.template, [rule for rule in content.rules if name in rule.notify]
        )


def _faults(
    keys: tuple[Key, Key], section: TemplateSection | None, rules: Sequence[RuleSection]
) -> Iterator[Problem]:
    """Find what is wrong with a template for the news that these rules can report."""
    if section is None:
        return
    from watcher.messages.template import fault  # noqa: PLC0415 - imports Jinja2, which few files need

    kinds = {kind for rule in rules for kind in kinds_of(rule_of(rule).when)}
    if what := fault(Template(section.title, section.body), kinds, SOME_DAY):
        part, _, why = what.partition(": ")
        yield Problem((*keys, "template", part), f"cannot be filled in: {why}")
