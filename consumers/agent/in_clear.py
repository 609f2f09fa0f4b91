"""What stands in the file of an agent and should stand in its environment: secrets in clear."""

from collections.abc import Iterator

from consumers.agent.file import AgentFile
from consumers.agent.targets import HttpTarget
from ledger.targets import SOUNDS_SECRET, VARIABLE, of_login

_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})


def in_clear(file: AgentFile) -> Iterator[str]:
    """A sentence for each header and login that holds what may be a secret; it is not repeated."""
    yield from of_login("the agent", file.proxy_login)
    for target in file.target:
        if isinstance(target, HttpTarget):
            for name, value in target.headers.items():
                if _is_of_a_secret(name) and not VARIABLE.search(value):
                    yield (
                        f"{target.platform}: the header {name} may hold a secret, which stands in the "
                        f"file; put it into the agent's environment, and write {name} = '${{ACME_LOGIN}}'"
                    )
            yield from of_login(target.platform, target.proxy_login)


def _is_of_a_secret(header: str) -> bool:
    return header.lower() in _SECRET or bool(SOUNDS_SECRET.search(header))
