import pytest

from watcher.forms.jinja import FAULTS, compiled


def test_a_template_is_filled_in() -> None:
    assert compiled("{% for name in names %}{{ name }} {% endfor %}")(names=["a", "b"]) == "a b "


@pytest.mark.parametrize(("escaping", "text"), [(True, "&lt;b&gt;"), (False, "<b>")])
def test_text_is_escaped_where_it_becomes_a_page(escaping: bool, text: str) -> None:  # noqa: FBT001
    assert compiled("{{ name }}", escaping=escaping)(name="<b>") == text


@pytest.mark.parametrize("source", ["{{", "{% for %}", "{{ x | nothing }}"])
def test_a_broken_template_is_a_fault_when_it_is_compiled(source: str) -> None:
    with pytest.raises(FAULTS):
        compiled(source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{{ unknown }}", id="unknown"),
        pytest.param("{{ name.unknown.x }}", id="unknown-part"),
        pytest.param("{{ name.__class__.__mro__ }}", id="inside"),
        pytest.param("{{ names.append('x') }}", id="changes"),
        pytest.param("{{ 1 / 0 }}", id="arithmetic"),
        pytest.param("{{ name + 1 }}", id="types"),
        pytest.param("{{ range(10000000) | list | length }}", id="endless"),
    ],
)
def test_a_template_that_fails_or_reaches_too_far_is_a_fault_when_it_is_filled_in(source: str) -> None:
    fill = compiled(source)
    with pytest.raises(FAULTS):
        fill(name="a", names=["a"])
