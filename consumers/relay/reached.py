"""How far a feed has arrived at its place, asked by somebody who only looks: no lock, cut or connection."""

from pathlib import Path

from consumers.relay.event import FeedEvent, UnreadableEventError
from consumers.relay.file import last_line
from consumers.relay.state import RelayState


def reached(to: str, state: Path | None) -> int | None:
    """The position of the last event that is there, 0 if none is; None if that cannot be told from here."""
    if to.startswith(("http://", "https://")):
        return _taken(to, state)
    return None if to == "-" else _written(Path(to))


def _taken(url: str, state: Path | None) -> int | None:
    if state is None:
        return None
    if not state.exists():
        return 0
    opened = RelayState(str(state), create=False)
    try:
        last = opened.last(url)
    finally:
        opened.close()
    return last[0] if last else 0


def _written(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            end, line = last_line(file.fileno())
    except FileNotFoundError:
        return 0
    if not end:
        return 0
    try:
        return FeedEvent.read(line).position
    except UnreadableEventError:
        return None
