"""deploy/kubernetes.yaml follows Kubernetes' own schema and fits the image and the service."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest
from kubernetes_validate import ValidationError, validate
from kubernetes_validate.utils import all_versions, major_minor
from ruamel.yaml import YAML

from tests.support.receivers import free_port
from tests.support.served_catalog import Catalog
from tests.support.watcher_process import eventually, running
from watcher import __version__

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFEST = list(YAML(typ="safe").load_all(DEPLOY / "kubernetes.yaml"))
VERSIONS = all_versions()
CONTAINER = ("spec", "template", "spec", "containers", 0)


def the(kind: str) -> Any:
    """Return the one object of a kind."""
    [found] = [entry for entry in MANIFEST if entry["kind"] == kind]
    return deepcopy(found)


def container() -> Any:
    [found] = the("StatefulSet")["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
@pytest.mark.parametrize("kind", [entry["kind"] for entry in MANIFEST])
def test_each_object_follows_the_kubernetes_schema(kind: str, version: str) -> None:
    assert validate(the(kind), version, strict=True) == major_minor(version)


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        pytest.param((), "replicas", 1, id="key-in-another-place"),
        pytest.param((*CONTAINER, "securityContext"), "readOnlyRootFileSystem", True, id="unknown-key"),
        pytest.param((*CONTAINER, "livenessProbe"), "periodSeconds", "30s", id="wrong-type"),
    ],
)
def test_the_check_is_strict(where: tuple[str | int, ...], key: str, value: Any) -> None:
    changed = place = the("StatefulSet")
    for step in where:
        place = place[step]
    place[key] = value
    with pytest.raises(ValidationError):
        validate(changed, VERSIONS[-1], strict=True)


def test_there_is_never_a_second_instance() -> None:
    assert the("StatefulSet")["spec"]["replicas"] == 1


def test_the_container_is_locked_up() -> None:
    pod = the("StatefulSet")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_it_matches_the_image() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    pod = the("StatefulSet")["spec"]["template"]["spec"]
    identity = [pod["securityContext"][key] for key in ("runAsUser", "runAsGroup")]
    assert re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE) == [tuple(map(str, identity))]
    assert container()["image"] == f"watcher:{__version__}"
    places = {mount["name"]: mount["mountPath"] for mount in container()["volumeMounts"]}
    assert f"STATE_DIRECTORY={places['data']} " in dockerfile
    assert f"WATCHER_CONFIG={places['rules']}/{next(iter(the('ConfigMap')['data']))} " in dockerfile


def test_the_service_answers_every_probe(tmp_path: Path, catalog: Catalog) -> None:
    config, address = configured(tmp_path, catalog.url)
    probes = [container()[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert {probe["port"] for probe in probes} == {"metrics"}
    with running(config):
        for probe in probes:
            eventually(lambda path=probe["path"]: answers(address + path), f"{probe['path']} is answered")  # type: ignore[misc]


def configured(folder: Path, sources: str) -> tuple[Path, str]:
    """Write the manifest's configuration for this machine; returns it and the address of its health checks."""
    [port] = [entry["containerPort"] for entry in container()["ports"] if entry["name"] == "metrics"]
    assert [entry["port"] for entry in the("Service")["spec"]["ports"]] == [port]
    for name, text in the("Secret")["stringData"].items():
        (folder / name).write_text(text)
    text, here = the("ConfigMap")["data"]["rules.yaml"], f"127.0.0.1:{free_port()}"
    for there, instead in ((f"0.0.0.0:{port}", here), ("/run/secrets", str(folder))):
        assert there in text
        text = text.replace(there, instead)
    config = folder / "rules.yaml"
    config.write_text(f"{text}\nsources: {{models: '{sources}', feed: off}}\n")
    return config, f"http://{here}"


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False
