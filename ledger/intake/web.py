"""What other programs' servers say: one GET until it is answered, read as JSON.

A password in the address, or a token, goes with the request and into no message.
"""

import base64
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit, urlunsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from ledger.errors import BadInputError, UnreachableSourceError

TIMEOUT_S = 120.0
"""A day of many series takes a server some seconds; who is silent for two minutes is gone."""
DELAYS_S = (0.2, 1.0, 3.0)
"""Before each further try; after the last one whoever asks is told."""
LATER = (408, 425, 429, 502, 503, 504)
SHOWN = 300
_TOKEN = re.compile(r"[!-~]+")

Parameters = Sequence[tuple[str, str]]


class RefusedQueryError(BadInputError):
    """The server answered, and said no."""

    def __init__(self, text: str, status: int, body: bytes) -> None:
        super().__init__(text)
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, apart from who asks."""

    shown: str
    """Without a name or a password, without a slash at its end."""
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, url: str, token: str | None = None) -> "Address":
        """An address as a person writes it, `https://name:password@host/path`.

        Raises:
            BadInputError: it is none.
        """
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:  # its text holds a part of the address, which may be one of the password
            raise BadInputError(
                "the address cannot be read; write it as https://name:password@host/, and in a name or a "
                "password each of / ? # [ ] @ : as % and its number (%2F for a slash)"
            ) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInputError("the address names no server; write it as https://host/ or http://host:port/")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        shown = urlunsplit((parts.scheme, host + port, parts.path.rstrip("/"), "", ""))
        return cls(shown, {"accept": "application/json", **_authorization(parts, token)})


def _authorization(parts: SplitResult, token: str | None) -> Mapping[str, str]:
    if token and (plain := token.strip()):  # a token that was kept in a file ends with its line
        if not _TOKEN.fullmatch(plain):
            raise BadInputError("the token holds what no token can; look at CONSTAT_SOURCE_TOKEN")
        return {"authorization": f"Bearer {plain}"}
    if parts.username is None:
        return {}
    who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {base64.b64encode(who.encode()).decode()}"}


def listed(said: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON holds
    """What was said, if it is a list.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(said, list):
        raise TypeError("it is no list")
    return said


class Web:
    """Asks one server; the connections are kept."""

    def __init__(self, address: Address, delays_s: Sequence[float] = DELAYS_S) -> None:
        self.address = address
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT_S)
        self._delays_s = delays_s
        self._pause = threading.Event()

    def json(self, path: str, parameters: Parameters = ()) -> Any:  # noqa: ANN401 - whatever JSON holds
        """What the server says at a path, read.

        Raises:
            UnreachableSourceError: nobody answered, as often as it was asked.
            RefusedQueryError: the answer is no.
            BadInputError: the answer is no JSON.
        """
        body = self.get(path, parameters)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            said = body[:SHOWN].decode(errors="replace")
            raise BadInputError(
                f"{self._shown(path)} answers no JSON but {said!r}; name the address at which its API is"
            ) from None

    def get(self, path: str, parameters: Parameters = ()) -> bytes:
        """The same, as it was sent."""
        why = ""
        for delay_s in (*self._delays_s, None):
            try:
                answer = self._pool.request("GET", self._url(path, parameters), headers=self.address.headers)
            except HTTPError as error:
                why = " ".join(str(error).split())[:SHOWN]
            else:
                if answer.status == 200:  # noqa: PLR2004 - what a GET answers
                    return answer.data
                why = f"{answer.status} {answer.data[:SHOWN].decode(errors='replace')}".strip()
                if answer.status not in LATER:
                    raise self._refusal(path, why, answer)
            if delay_s is not None:
                self._pause.wait(delay_s)
        raise UnreachableSourceError(
            f"{self._shown(path)} does not answer ({why}); what was stored stays, so run the same again"
        )

    def _refusal(self, path: str, why: str, answer: urllib3.BaseHTTPResponse) -> RefusedQueryError:
        advice = "look at the address and who may read it"
        if elsewhere := answer.get_redirect_location():
            # What is behind the question mark may be secret. A token does not follow to wherever it is sent.
            there = urlsplit(elsewhere)._replace(query="", fragment="").geturl()
            advice = f"it sends on to {there}: name the address that answers itself"
        return RefusedQueryError(f"{self._shown(path)} refuses ({why}); {advice}", answer.status, answer.data)

    def _shown(self, path: str) -> str:
        return self.address.shown + path

    def _url(self, path: str, parameters: Parameters) -> str:
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        return self._shown(path) + query

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
