from pathlib import Path

import pytest

from tests.support.config_problems import channel, problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            channel("{url: 'console://', quiet: '22:00-22:00'}"),
            ["1:41 channels.console.quiet: covers the whole day; remove the channel from the rules instead"],
            id="quiet-all-day",
            marks=pytest.mark.fault("T5"),
        ),
        pytest.param(
            channel("{url: 'console://', quiet: '22-7'}"),
            ["1:41 channels.console.quiet: takes hours of the day such as 22:00-07:00"],
            id="quiet",
        ),
        pytest.param(
            channel("{url: 'console://', quiet: '25:00-07:00'}"),
            ["1:41 channels.console.quiet: hour must be in 0..23"],
            id="hour",
        ),
        pytest.param(
            channel("{url: 'console://', limit: 0/h}"),
            ["1:41 channels.console.limit: takes a number of messages per minute, hour or day"],
            id="limit",
        ),
        pytest.param(
            channel("{ulr: 'console://'}"),
            ['1:22 channels.console.ulr: unknown key; did you mean "url"?'],
            id="channel",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            channel("'console://'") + "timezone: Europe/Atlantis\n",
            ["timezone: is not a time zone known on this machine; use a name such as Europe/Berlin or UTC"],
            id="unknown-timezone",
            marks=pytest.mark.fault("C17"),
        ),
        pytest.param(
            channel("'console://'") + "heartbeat: ftp://example.com/x\n",
            ["heartbeat: is not a valid address; it must look like https://..."],
            id="heartbeat",
        ),
        pytest.param(
            channel("'console://'") + "listen: 9464\n",
            ["listen: takes a local address and port, such as 127.0.0.1:9464"],
            id="listen",
        ),
    ],
)
def test_mistakes_in_using_channels_are_listed_with_line_and_fix(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    [found] = problems(tmp_path, text, {})
    assert expected[0] in found
