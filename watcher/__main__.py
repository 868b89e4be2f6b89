"""`python -m watcher` is `watcher`."""

from watcher.cli.main import main

main(prog_name="watcher")
