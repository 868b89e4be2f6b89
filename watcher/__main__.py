"""`python -m watcher` is `watcher`."""

from watcher.cli import main

main(prog_name="watcher")
