import html
import json
import re
from base64 import b64encode
from urllib.parse import quote_plus

import pytest

from watcher.text.redact import LONGEST_REASON, plain_words, reason, redact

URL = "https://ops:c4n4ry-pass@api.example.test:8443/api/v1/models/T0ken-c4n4ry?output_modalities=secretly&key=a%2Bb%2Fc4n4ry"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(
            "no such key a+b/c4n4ry", "no such key ***", id="unquoted", marks=pytest.mark.fault("W25")
        ),
        pytest.param(
            "no such key a%2Bb%2Fc4n4ry", "no such key ***", id="quoted", marks=pytest.mark.fault("W25")
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


def encoded(password: str) -> str:
    return "".join(f"%{byte:02X}" for byte in password.encode())


@pytest.mark.parametrize(
    "password", ["pw1", "x", "a/b", "p&q r", "c@t", "sla/sh@and space", 'quo"te/<b>', "pä:ö"]
)
@pytest.mark.parametrize("user", ["me", "a.person"])
@pytest.mark.fault("R9", "Z1", "W25")
def test_a_user_and_a_password_are_removed_whole_however_short_and_however_written(
    user: str, password: str
) -> None:
    url = f"mailtos://{user}:{encoded(password)}@mail.example.test/?to=a@example.test"
    forms = [password, encoded(password), json.dumps(password), html.escape(password), quote_plus(password)]
    forms += [json.dumps(password).replace("/", "\\/"), password.upper()]
    for form in forms:
        shown = redact(f"bad login of <{user}> with <{form.strip(chr(34))}>, sorry", url)
        assert shown == "bad login of <***> with <***>, sorry"
    sent = b64encode(f"{user}:{password}".encode()).decode()
    assert redact(f"not Basic {sent}", url) == "not Basic ***"


@pytest.mark.fault("R9", "Z1")
def test_short_values_of_options_that_are_secrets_are_removed_too() -> None:
    url = "mailtos://mail.example.test/?user=me&pass=pw1&-key=k9&to=a@example.test"
    assert redact("me: pw1 and k9 but not some pw12", url) == "***: *** and *** but not some pw12"


@pytest.mark.fault("R9", "Z1")
def test_a_recipient_in_the_path_is_not_taken_for_a_login() -> None:
    url = "mailtos://me:pw1@mail.example.test/x@example.test"
    assert redact("Basic bWU6cHcx", url) == "Basic ***"


@pytest.mark.parametrize("before", range(LONGEST_REASON - 14, LONGEST_REASON + 2))
@pytest.mark.fault("R9", "Z1")
def test_a_reason_is_cut_only_after_whole_secrets_are_removed(before: int) -> None:
    said = reason(f"{'.' * before} T0ken-c4n4ry and more", URL)
    assert not re.search("T0|n4ry", said)
    assert len(said) <= LONGEST_REASON
