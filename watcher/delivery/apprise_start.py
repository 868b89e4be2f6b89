"""Start the sending child: `python -I apprise_start.py`.

Isolated (-I), Python imports nothing from the folder or the environment in which watcher was started.
"""

import sys
from pathlib import Path


def start() -> None:
    """Run the child of the same installation as this file."""
    root = str(Path(__file__).parents[2])
    sys.path.insert(0, root)
    import watcher  # noqa: F401, PLC0415 - another installed version must not be found first

    sys.path.remove(root)
    sys.path.append(root)  # last: other files beside watcher must not hide a library
    from watcher.delivery.apprise_child import main  # noqa: PLC0415 - see above

    main()


if __name__ == "__main__":
    start()
