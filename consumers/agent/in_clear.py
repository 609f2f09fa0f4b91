"""What stands in the file of an agent and should stand in its environment: secrets in clear."""

from collections.abc import Iterator

from consumers.agent.file import AgentFile
from consumers.agent.targets import HttpTarget
from ledger.targets import ONLY_A_LOGIN, SOUNDS_SECRET, VARIABLE

_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})


def in_clear(file: AgentFile) -> Iterator[str]:
    """A sentence for each header and login that holds what may be a secret; it is not repeated."""
    yield from _of_login("the agent", file.proxy_login)
    for target in file.target:
        if isinstance(target, HttpTarget):
            for name, value in target.headers.items():
                if _is_of_a_secret(name) and not VARIABLE.search(value):
                    yield (
                        f"{target.platform}: the header {name} may hold a secret, which stands in the "
                        f"file; put it into the agent's environment, and write {name} = '${{ACME_LOGIN}}'"
                    )
            yield from _of_login(target.platform, target.proxy_login)


def _is_of_a_secret(header: str) -> bool:
    return header.lower() in _SECRET or bool(SOUNDS_SECRET.search(header))


def _of_login(whose: str, login: str | None) -> Iterator[str]:
    if login is not None and not ONLY_A_LOGIN.fullmatch(login):
        yield (
            f"{whose}: the proxy_login holds a password; put it into the environment of the agent, and write "
            "proxy_login = 'user:${PROXY_PASSWORD}'"
        )
