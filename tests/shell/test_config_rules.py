import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.config_problems import RULE, problems
from watcher.config import load

EXCLUDED = "excludes everything that it names; remove a pattern"
PRICE = "only price.changed can meet this, and the event is model.added; change one of them"
PROVIDED = (
    "only price.changed, price.routed or provider.* can meet this,"
    " and the event is model.added; change one of them"
)
DATED = "only events about models except expiration.withdrawn can meet this, and the event is {}; change one of them"
MODALITIES = "text, image, audio, video, embeddings, rerank, speech, transcription"
DETAILS = (
    "prices by time of day changed, now listed separately, prices of long prompts changed, cache prices changed,"
    " other prices changed"
)
BEHIND = 'never reports anything: rule "A" above reports all of it first and has stop: true; move this rule above it'


@pytest.mark.fault("C9")
@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("model: gpt-5", '12.model: "gpt-5" is not an id: ids are author/name; did you mean "*/gpt-5"?'),
        (
            '"model": "^openai/.*$"',
            (
                '12.model: "^openai/.*$" looks like a regular expression;'
                " patterns have * for any text, such as openai/*"
            ),
        ),
        (
            'model: [openai/*, "openai/.*"]',
            (
                '30.model[1]: "openai/.*" looks like a regular expression;'
                " patterns have * for any text, such as openai/*"
            ),
        ),
        (
            '"model": "OpenAI: GPT-5"',
            '12.model: "OpenAI: GPT-5" has characters that no model has; write it like "openai:-gpt-5"',
        ),
        ('model: [openai/*, "!OpenAI/*"]', f"12.model: {EXCLUDED}"),
        ("author: openai/*", '12.author: "openai/*" is not an author; did you mean "openai"?'),
        (
            "author: Meta Llama",
            '12.author: "Meta Llama" has characters that no author has; write it like "meta-llama"',
        ),
        (
            'author: "(open|x)ai"',
            '12.author: "(open|x)ai" looks like a regular expression; patterns have * for any text, such as open*',
        ),
        (
            "provider: deepinfra/fp8",
            '12.provider: "deepinfra/fp8" is not a provider; did you mean "deepinfra"?',
        ),
        (
            "provider: Google Vertex",
            '12.provider: "Google Vertex" has characters that no provider has; write it like "google-vertex"',
        ),
        ("variant: fre", '12.variant: there is no variant "fre"; did you mean "free"?'),
        ('variant: "!batsh"', '12.variant: there is no variant "!batsh"; did you mean "batch"?'),
        (
            "input: picture",
            '12.input: there is no input modality "picture"; choose from text, image, file, audio, video',
        ),
        (
            "output: [text, picture]",
            f'27.output[1]: there is no output modality "picture"; choose from {MODALITIES}',
        ),
        ("cause: nope", '12.cause: there is no cause "nope"; docs/configuration.md lists them all'),
        (
            "cause: without notise",
            '12.cause: there is no cause "without notise"; did you mean "without notice"?',
        ),
        (
            "event: price.detail, cause: repriced",
            f'33.cause: there is no cause "repriced"; choose from {DETAILS}',
        ),
        (
            "event: model.added, cause: without notice",
            '32.cause: "without notice" is a cause of model.removed; change `event` or `cause`',
        ),
        (
            "event: model.returned, cause: '*free*'",
            "35.cause: model.returned has no cause; remove `cause`, or change `event`",
        ),
        (
            "price: {below: 0.5}",
            "20.price.below: needs a unit: $0.50/M (per million tokens) or 5e-7 (per token)",
        ),
        (
            "price: {below: $1/M, above: $2/M}",
            (
                "12.price: no price is both below $1.00 per M tokens and above $2.00 per M tokens;"
                " swap them, or write two rules"
            ),
        ),
        (
            "price: {below: $0/M}",
            "12.price: no price is below zero; for free models write `free: true` instead of `price`",
        ),
        ("price: {falls_by: 110%}", "12.price: a price cannot fall by 110 %; 100 % makes it free"),
        (
            "price: {rises_by: 10%, falls_by: 10%}",
            "12.price: a price cannot rise and fall at once; write two rules",
        ),
        (
            "context: {at_least: 1M, at_most: 128k}",
            (
                "12.context: `at_least` (1,000,000 tokens) is more than `at_most` (128,000 tokens);"
                " no model can be in between"
            ),
        ),
        ('event: [price.changed, "!price.*"]', f"12.event: {EXCLUDED}"),
        ('event: ["s*.failing", "!source.*", "!store.*"]', f"12.event: {EXCLUDED}"),
        ("event: model.added, price: {rises_by: 10%}", f"32.price: {PRICE}"),
        ("event: model.added, provider: deepinfra", f"32.provider: {PROVIDED}"),
        ("event: source.*, expires_within: 30d", f"29.expires_within: {DATED.format('source.*')}"),
        (
            "event: expiration.withdrawn, expires_within: 30d",
            f"41.expires_within: {DATED.format('expiration.withdrawn')}",
        ),
        (
            "event: catalog.changed, author: openai",
            "36.author: only events about models can meet this, and the event is catalog.changed; change one of them",
        ),
        (
            "event: store.*, model: openai/*",
            "28.model: only events about models can meet this, and the event is store.*; change one of them",
        ),
        (
            "provider: deepinfra, cause: without notice",
            (
                "5: no event can meet all conditions: only price.changed, price.routed or provider.* can meet"
                " `provider`; only model.removed, source.*, channel.*, configuration.*, store.* or mute.ended can meet `cause`"
            ),
        ),
        ("model: openai/*, author: anthropic", "5: no model is openai/* and has the author anthropic"),
        ('model: "*:free", variant: batch', "5: no model is *:free and has the variant batch"),
        (
            "free: true, price: {above: $1/M}",
            "5: a free model has no price that rises or is above zero; remove `free` or `price`",
        ),
    ],
)
def test_a_rule_that_can_never_report_anything_is_a_mistake(tmp_path: Path, when: str, expected: str) -> None:
    column, what = re.fullmatch(r"(\d+)(.*)", expected).groups()  # type: ignore[union-attr]
    assert problems(tmp_path, f"{RULE}    when: {{{when}}}\n", {}) == [f"5:{column} rules[0].when{what}"]


@pytest.mark.parametrize(
    "when",
    [
        "model: OpenAI/GPT-5*",
        'model: "*"',
        "model: gpt-5*/*",
        "model: openai/gpt-4.*",
        'model: ["!*:batch", "!~*"]',
        'model: "openai/gpt-[45]*"',
        "event: channel.failing, model: team",
        "author: [open*, '!openai']",
        "variant: '*'",
        "input: '!image'",
        "cause: '*ended*'",
        "cause: Alibaba ended its 41 % discount",
        "cause: renamed to acme/owl",
        "cause: '!without notice'",
        "event: source.failing, cause: '*timed out*'",
        "event: '*.failing', cause: '*timed out*'",
        "price: {below: 5e-7}",
        "price: {below: $2/M, above: $1/M}",
        "event: price.changed, price: {rises_by: 10%}, provider: DeepInfra, expires_within: 30d",
        "event: '*', price: {falls_by: 100%}",
        "model: '*:free', variant: [batch, free]",
        "model: openai/*, author: OpenAI",
        "context: {at_least: 128k, at_most: 128k}",
    ],
)
def test_a_rule_that_can_report_something_is_none(tmp_path: Path, when: str) -> None:
    assert loaded(tmp_path, f"{RULE}    when: {{{when}}}\n").warnings == ()


def loaded(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    return load.load(file, {})


@pytest.mark.fault("C9")
@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", "event: price.changed"),
        ("", ""),
        ("model: '*'", "author: openai"),
        ("event: price.*", "event: price.changed, free: true"),
        ("event: price.changed", "price: {rises_by: 10%}"),
        ("model: openai/*", "model: OpenAI/gpt-5*"),
        ("model: ['!*:batch']", "model: [openai/*, '!*:batch']"),
        ("context: {at_least: 1k}", "context: {at_least: 2k, at_most: 3k}"),
        ("expires_within: 30d", "expires_within: 7d"),
        ("price: {below: $1/M}", "price: {below: $1/M}, free: false"),
    ],
)
def test_a_rule_behind_one_that_takes_all_of_it_is_a_mistake(tmp_path: Path, above: str, below: str) -> None:
    assert problems(tmp_path, two_rules(above, below), {}) == [f"4:5 rules[1]: {BEHIND}"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", "variant: batch"),
        ("", "model: '~*'"),
        ("event: price.changed", "event: price.*"),
        ("model: openai/*", "model: '*/*'"),
        ("model: ['!*:batch']", "model: openai/*"),
        ("price: {rises_by: 20%}", "price: {rises_by: 20%}"),
        ("context: {at_least: 1k}", "context: {at_most: 3k}"),
        ("expires_within: 7d", "expires_within: 30d"),
        ("free: true", ""),
    ],
)
def test_a_rule_behind_one_that_leaves_it_something_is_none(tmp_path: Path, above: str, below: str) -> None:
    loaded(tmp_path, two_rules(above, below))


def two_rules(above: str, below: str) -> str:
    return f"""\
channels: {{console: "console://"}}
rules:
  - {{name: A, notify: console, stop: true, when: {{{above}}}}}
  - {{name: B, notify: console, when: {{{below}}}}}
"""


def test_never_met_is_found_in_whatever_can_be_understood_of_the_file(tmp_path: Path) -> None:
    text = 'pol: 5m\nchannels: {a: "console://"}\nrules:\n  - {name: A, when: {variant: fre, free: 1}, notify: b}\n'
    found = [line.partition(":")[2].partition(" ")[2] for line in problems(tmp_path, text, {})]
    assert found == [
        'pol: unknown key; did you mean "poll"?',
        'rules[0].when.variant: there is no variant "fre"; did you mean "free"?',
        "rules[0].when.free: takes true or false",
        'rules[0].notify: there is no channel "b"; choose from a',
    ]
