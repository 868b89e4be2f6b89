import re
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
TREE, LAYERS, *_ = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_its_tree_has_each_folder_with_the_sentence_of_its_docstring() -> None:
    shown = dict(re.findall(r"^  (\w+)/ +(.+)$", TREE, re.MULTILINE))
    folders = [file.parent.name for file in (ROOT / "watcher").glob("*/__init__.py")]
    assert shown == {name: (import_module(f"watcher.{name}").__doc__ or "").strip() for name in folders}


def test_its_layers_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert LAYERS.splitlines() == layers


def test_the_files_and_tables_that_it_names_exist() -> None:
    for file in re.findall(r"\b[a-z]+/\w+\.py\b", PAGE):
        assert (ROOT / "watcher" / file).is_file(), file
    for table, file in re.findall(r"`(\w+)` \(([a-z]+/\w+)\.py\)", PAGE):
        assert hasattr(import_module(f"watcher.{file.replace('/', '.')}"), table), table
