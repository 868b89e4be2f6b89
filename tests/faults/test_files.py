"""Files that watcher creates: private, never through a planted link, and none in /tmp."""

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.catalogs import OWL
from tests.support.receivers import receiving
from tests.support.sample_stores import make_older, polled
from tests.support.served_catalog import Catalog
from tests.support.watcher_process import configure, finished
from watcher.domain.errors import StoreError, StoreUnavailableError
from watcher.store.store import Store

SOURCES = sorted(Path(__file__).parents[2].glob("watcher/**/*.py"))
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "jsonpickle", "joblib", "yaml"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@pytest.mark.usefixtures("_open_umask")
@pytest.mark.fault("Z11")
def test_every_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "watcher.db"
    with Store.open(path) as store:
        polled(store, 0, OWL)
        store.backup(tmp_path / "backup.db")
        assert set(modes(tmp_path)) >= {"watcher.db", "watcher.db-wal", "watcher.db.lock", "backup.db"}
        assert set(modes(tmp_path).values()) == {0o600}
    make_older(path)
    Store.open(path).close()
    assert any(".before-" in name for name in modes(tmp_path))
    assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.fault("Z11")
def test_a_planted_link_where_a_file_will_be_made_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    with Store.open(tmp_path / "watcher.db") as store:
        (tmp_path / "backup.db.part").symlink_to(elsewhere)
        store.backup(tmp_path / "backup.db")
        (tmp_path / "second.db").symlink_to(elsewhere)
        store.backup(tmp_path / "second.db")
        assert not (tmp_path / "second.db").is_symlink(), "the copy takes the link's place"
        elsewhere.write_text("ours")
        (tmp_path / "third.db").symlink_to(elsewhere)
        with pytest.raises(StoreError, match="already exists"):
            store.backup(tmp_path / "third.db")
    assert elsewhere.read_text() == "ours"


@pytest.mark.fault("Z11")
def test_a_planted_link_where_the_older_store_is_kept_is_not_followed(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "watcher.db", tmp_path / "elsewhere"
    with Store.open(path):
        pass
    make_older(path)
    (tmp_path / "watcher.db.before-v4").symlink_to(elsewhere)
    Store.open(path).close()
    assert not elsewhere.exists()
    assert not (tmp_path / "watcher.db.before-v4").is_symlink()


@pytest.mark.fault("Z11")
def test_a_store_that_is_a_dangling_link_is_not_created(tmp_path: Path) -> None:
    (tmp_path / "watcher.db").symlink_to(tmp_path / "missing" / "watcher.db")
    with pytest.raises(StoreUnavailableError, match=r"cannot write .*missing"):
        Store.open(tmp_path / "watcher.db")


@pytest.mark.fault("Z11")
def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temporary))
    with receiving() as server:
        file = configure(tmp_path, catalog.url, {"hook": server.url()})
        finished(file, "once")
        catalog.shows(OWL | {"id": "acme/owl-3"}, OWL)
        finished(file, "once")
        finished(file, "backup", str(tmp_path / "backup.db"))
        assert len(server.requests) == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
@pytest.mark.fault("Z12")
def test_no_module_runs_data(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import(names=names):
                assert not {name.name.partition(".")[0] for name in names} & UNSAFE_MODULES
            case ast.ImportFrom(module=str(module)):
                assert module.partition(".")[0] not in UNSAFE_MODULES
            case ast.Call(func=ast.Name(id=name)):
                assert name not in UNSAFE_CALLS
            case ast.Call(keywords=keywords):
                assert not any(
                    keyword.arg == "shell"
                    and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
                    for keyword in keywords
                )
