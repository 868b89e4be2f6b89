import pytest

from watcher.text.redact import plain_words, redact

URL = "https://ops:c4n4ry-pass@api.example.test:8443/api/v1/models/T0ken-c4n4ry?output_modalities=secretly&key=a%2Bb%2Fc4n4ry"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(
            "no such key a+b/c4n4ry", "no such key a+b/***", id="unquoted", marks=pytest.mark.fault("W25")
        ),
        pytest.param(
            "no such key a%2Bb%2Fc4n4ry", "no such key a+b/***", id="quoted", marks=pytest.mark.fault("W25")
        ),
        pytest.param("not T0KEN-C4N4RY", "not ***", id="in-capitals", marks=pytest.mark.fault("W25")),
        pytest.param(
            "bad: Basic b3BzOmM0bjRyeS1wYXNz", "bad: Basic ***", id="as-sent", marks=pytest.mark.fault("W25")
        ),
        pytest.param(
            "not secretly", "not ***", id="a-value-of-plain-letters", marks=pytest.mark.fault("W25")
        ),
        pytest.param("api.example.test: no models", "api.example.test: no models", id="what-is-plain-stays"),
        pytest.param("output_modalities=all?", "output_modalities=all?", id="keys-stay"),
    ],
)
def test_secrets_are_removed_from_what_others_say(words: str, shown: str) -> None:
    assert redact(words, URL, plain_words(URL)) == shown


@pytest.mark.fault("W25")
def test_only_public_parts_are_left() -> None:
    assert plain_words(URL) == {"api.example.test", "api", "models", "output_modalities", "key"}
    assert redact("api.example.test: no models", URL) == "***: no ***"


@pytest.mark.parametrize("url", ["", "nonsense", "http://[::1", "http://%zz/%"])
def test_an_invalid_address_is_not_an_error(url: str) -> None:
    assert redact("words", url, plain_words(url)) == "words"
