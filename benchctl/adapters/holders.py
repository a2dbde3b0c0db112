"""Who holds a device node: what `fuser` would say, from /proc."""

from pathlib import Path


def holder_of(node: Path, proc: Path = Path("/proc")) -> str:
    """The processes that have `node` open, as "screen (pid 4711)"; "" when none can be seen.

    Processes of other users are only seen by root.
    """
    target = node.resolve()
    found = []
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            if any(_points_to(link, target) for link in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:  # it ended while we looked, or belongs to somebody else
            continue
    return ", ".join(found)


def _points_to(link: Path, target: Path) -> bool:
    try:
        return link.readlink() == target
    except OSError:  # closed while we looked
        return False
