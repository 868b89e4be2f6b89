"""The image and deploy/compose.yaml on a real engine; the base image is made from Debian packages."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.docker_compose import ROOT, RULES, USER, ComposeProject, environment, pip_settings
from tests.support.docker_engine import DockerEngine, docker_engine, missing
from tests.support.watcher_process import eventually
from watcher import __version__
from watcher.cli.demo import row

pytestmark = [
    pytest.mark.timeout(900),  # the first one waits for the image
    pytest.mark.xdist_group("docker"),
]
CONDOR = row("acme/condor-3", "0.000003", "0.000015")
MARK = "# a line of a private pip.conf\n"
MB = 1_000_000
LONG = 90.0  # seconds: containers start and messages are sent while other tests run
LOCKED_UP = (
    "--rm",
    "--network=none",
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
NO_SHELL = ("--volume=/dev/null:/usr/bin/dash", "--volume=/dev/null:/usr/bin/bash")
PACKAGES = """
import importlib.metadata, json
found = importlib.metadata.distributions(path=["/opt/venv/lib/python3.13/site-packages"])
print(json.dumps({entry.name.lower().replace(".", "-").replace("_", "-"): entry.version for entry in found}))
"""
SERVICES = """
import json
from apprise.manager_plugins import NotificationManager
manager = NotificationManager()
lacking = [str(plugin.requirements.get("packages_required", "")) for plugin in manager.plugins() if not plugin.enabled]
print(json.dumps({"all": sorted(manager.schemas()), "lacking": sorted(filter(None, lacking))}))
"""
FACTS = r"""
import json, os
status = dict(line.strip().split(":\t", 1) for line in open("/proc/1/status") if ":\t" in line)
mounts = {line.split()[1]: line.split()[3].split(",") for line in open("/proc/1/mounts")}
command = open("/proc/1/cmdline").read().split("\0")[:-1]
def refused(folder):
    try:
        open(folder + "/made", "w")
    except OSError as error:
        return error.strerror
places = ["/", "/etc/watcher", "/opt/venv", "/run/secrets", "/tmp", "/var/lib/watcher"]
print(json.dumps({"status": status, "mounts": mounts, "command": command, "refused": {p: refused(p) for p in places}}))
"""


def python(docker: DockerEngine, script: str) -> str:
    """Run a script in a container of the image."""
    return docker.docker("run", *LOCKED_UP, "--entrypoint=python", "watcher", "-c", script)


def pinned() -> dict[str, str]:
    """Return the requirements and their versions."""
    text = (ROOT / "deploy/requirements.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==([^ ]+)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that is removed afterwards, since with an image in it it is large."""
    if lack := missing():
        assert "WATCHER_REQUIRE_ALL" not in os.environ, lack
        pytest.skip(f"a Docker engine of its own {lack}")
    folder = Path(tempfile.mkdtemp(prefix="watcher-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def parts(place: Path, pytestconfig: pytest.Config) -> Path:
    """Make the stand-ins for an image registry, once: pytest's cache keeps them."""
    script = ROOT / ".ci/container-parts"
    named = f"container-parts-{hashlib.sha256(script.read_bytes()).hexdigest()[:16]}"
    folder = pytestconfig.cache.mkdir(named) if pytestconfig.cache else place / named
    if not (folder / "base.tar").exists():
        subprocess.run([script, folder], check=True, timeout=600)
    return folder


@pytest.fixture(scope="module")
def docker(place: Path, parts: Path) -> Iterator[DockerEngine]:
    """An engine that has the image, built from the Dockerfile unchanged, and no network but its own."""
    plugins = place / "client" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(parts / "docker-compose")
    (place / "pip.conf").write_text(MARK + pip_settings(os.environ))
    variables = environment(place)
    with docker_engine(place, variables, isolated=False) as builder:
        builder.docker("import", str(parts / "base.tar"), "python:3.13-slim")
        ComposeProject(builder, place).compose("build", "watcher")
    with docker_engine(place, variables, isolated=True) as running:
        yield running


@pytest.fixture
def stopped(docker: DockerEngine, place: Path) -> Iterator[ComposeProject]:
    """The services, none of them started."""
    project = ComposeProject(docker, place)
    project.shows(OWL, FINCH)
    (place / "rules.yaml").write_text(RULES)
    try:
        yield project
    finally:
        project.compose("down", "--volumes")


@pytest.fixture
def project(stopped: ComposeProject) -> ComposeProject:
    """The services, up and healthy."""
    stopped.up()
    return stopped


def test_the_image_adds_less_than_70_mb_to_its_base(docker: DockerEngine) -> None:
    added = docker.inspect("watcher")["Size"] - docker.inspect("python:3.13-slim")["Size"]
    assert 20 * MB < added < 70 * MB


def test_the_image_says_what_it_is_and_needs_no_shell(docker: DockerEngine) -> None:
    config = docker.inspect("watcher")["Config"]
    label = "org.opencontainers.image."
    assert config["Labels"][f"{label}title"] == "watcher"
    assert config["Labels"][f"{label}version"] == __version__
    assert config["Labels"][f"{label}licenses"] == "MIT"
    assert config["User"] == f"{USER}:{USER}"
    assert config["Volumes"] == {"/var/lib/watcher": {}}
    assert (config["Entrypoint"], config["Cmd"]) == (["watcher"], ["run"])
    assert config["Healthcheck"]["Test"] == ["CMD", "watcher", "status"]


def test_the_image_has_the_pinned_packages_and_nothing_more(docker: DockerEngine) -> None:
    listed = json.loads(python(docker, PACKAGES))
    unused = {"flit-core", "markdown-it-py", "mdurl", "pip", "pygments", "pyyaml"}
    wanted = {name: version for name, version in pinned().items() if name not in unused}
    assert listed == wanted | {"watcher": __version__}


def test_every_apprise_service_is_available_in_the_image(docker: DockerEngine) -> None:
    """Some services lack an optional package, but none lacks one of ours."""
    told = subprocess.run(
        [sys.executable, "-c", SERVICES], capture_output=True, text=True, timeout=60, check=True
    )
    here, there = json.loads(told.stdout), json.loads(python(docker, SERVICES))
    assert there["all"] == here["all"]
    assert {name.split()[0] for name in there["lacking"]}.isdisjoint(pinned())


@pytest.mark.parametrize(
    "command",
    [
        "/opt/venv/bin/watcher status --help",
        "/opt/venv/bin/watcher demo",
        "-m watcher.delivery.apprise_child",
    ],
)
def test_what_is_loaded_has_bytecode(docker: DockerEngine, command: str) -> None:
    """This includes Python's own library, but not the plugins of Apprise."""
    job = json.dumps({"check": True, "url": "mailtos://user:password@example.com"})
    arguments = ("--interactive", "--entrypoint=python", "watcher", "-v", *command.split())
    said = docker.finished("run", *LOCKED_UP, *arguments, given=job).stderr
    loaded = re.findall(r"^# code object from '?(.*?)'?$", said, re.MULTILINE)
    assert len(loaded) > 200
    assert [path for path in loaded if not path.endswith(".pyc") and "/apprise/plugins/" not in path] == []


def test_the_demo_runs_where_there_is_no_shell_and_nothing_can_be_written(docker: DockerEngine) -> None:
    docker.docker("run", *LOCKED_UP, *NO_SHELL, "--entrypoint=/bin/sh", "watcher", "-c", "true", code=126)
    docker.docker("run", *LOCKED_UP, *NO_SHELL, "watcher", "--help")
    told = docker.docker("run", *LOCKED_UP, *NO_SHELL, "watcher", "demo")
    assert "acme/finch-mini is gone" in told


def test_only_what_the_build_needs_is_sent_to_the_engine(docker: DockerEngine, place: Path) -> None:
    ComposeProject(docker, place).compose("build", "context")
    docker.docker("create", "--name=context", "context", "nothing")
    docker.docker("export", f"--output={place / 'context.tar'}", "context")
    with tarfile.open(place / "context.tar") as archive:
        files = [Path(entry.name) for entry in archive if entry.isfile()]
    sent = {str(path.relative_to("sent")) for path in files if path.is_relative_to("sent")}
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "watcher").rglob("*.py")}
    others = {"LICENSE", "README.md", "deploy/requirements.txt", "pyproject.toml", "rules.yaml"}
    assert sent == code | others


def test_the_service_is_locked_up(project: ComposeProject) -> None:
    facts = json.loads(project.inside("python", "-c", FACTS))
    status = facts["status"]
    assert status["Uid"].split() == [str(USER)] * 4
    assert status["Gid"].split() == [str(USER)] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert facts["command"] == ["/opt/venv/bin/python", "/opt/venv/bin/watcher", "run"]
    assert "ro" in facts["mounts"]["/"]
    read_only = dict.fromkeys(["/", "/etc/watcher", "/opt/venv", "/run/secrets"], "Read-only file system")
    assert facts["refused"] == read_only | dict.fromkeys(["/tmp", "/var/lib/watcher"])  # noqa: S108 - the container's


def test_a_change_is_reported_to_addresses_from_secret_files(project: ComposeProject) -> None:
    project.shows(OWL, FINCH, HERON)
    eventually(lambda: len(project.received) == 2, "Slack and mail have the message", LONG)
    assert {entry["to"] for entry in project.received} == {"https://hooks.slack.com", "mail"}
    assert all("wetland/heron-large" in entry["text"] for entry in project.received)
    shown = json.dumps(project.container) + project.compose("logs", "watcher")
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown
    assert "a@example.test" not in shown


def test_what_is_stored_survives_kill_9_and_a_new_container(project: ComposeProject) -> None:
    project.shows(OWL, FINCH, HERON)
    told = [("model.added", HERON["id"])]
    eventually(lambda: project.events() == told, "the new model is news", LONG)
    first = project.container
    project.engine.kill(first["State"]["Pid"])
    eventually(lambda: project.container["RestartCount"] == 1, "it is restarted", LONG)
    project.up()
    assert project.events() == told
    project.up("--force-recreate", "watcher")
    assert project.container["Id"] != first["Id"]
    project.shows(OWL, FINCH, HERON, CONDOR)
    told.append(("model.added", CONDOR["id"]))
    eventually(lambda: project.events() == told, "what is new since then is news, and only that", LONG)


def test_a_restart_loads_rules_that_an_editor_replaced(project: ComposeProject, place: Path) -> None:
    rules, fresh = place / "rules.yaml", place / "rules.new"
    before = rules.read_text()
    fresh.write_text(before.replace("Everything", "All there is"))
    fresh.rename(rules)
    assert "All there is" in project.compose("run", "--rm", "--no-TTY", "watcher", "check")
    project.compose("restart", "watcher")
    project.up()
    assert "All there is" in project.inside("watcher", "check")


def test_sigterm_ends_the_service_with_0(project: ComposeProject) -> None:
    project.compose("stop", "watcher")
    state = project.container["State"]
    assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False)
    assert "watcher stopped" in project.compose("logs", "watcher")


def test_it_is_unhealthy_while_its_source_is_silent_for_too_long(project: ComposeProject) -> None:
    project.compose("stop", "catalog")
    eventually(lambda: project.health == "unhealthy", "it is unhealthy", 60 + LONG)
    assert project.container["RestartCount"] == 0
    project.compose("start", "catalog")
    eventually(lambda: project.health == "healthy", "it is healthy again", LONG)


@pytest.mark.parametrize(
    ("size", "code"),
    [
        pytest.param(800, 0, id="within-the-limit"),
        pytest.param(1200, 137, id="beyond-the-limit"),
    ],
)
def test_no_more_memory_than_allowed_is_available(stopped: ComposeProject, size: int, code: int) -> None:
    fill = f"print(len(b'x' * ({size} << 20)))"
    options = ("--rm", "--no-TTY", "--no-deps", "--entrypoint=python")
    stopped.compose("run", *options, "watcher", "-c", fill, code=code)
