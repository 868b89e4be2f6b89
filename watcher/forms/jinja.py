"""Templates: the only place that imports Jinja2."""

from collections.abc import Callable

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""Whatever a template that somebody else wrote may raise, when it is compiled or filled in."""


def compiled(source: str, *, escaping: bool = False) -> Callable[..., str]:
    """Return a function that fills in a template; `escaping` makes what is filled in text of an HTML page.

    A template can only read what it is given, and a name that it is not given is an error. Both may raise
    FAULTS.
    """
    environment = ImmutableSandboxedEnvironment(
        autoescape=escaping,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(source).render
