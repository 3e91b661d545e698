"""The Berth service's REST API over tornado: http, https with a CA of its own, or a unix socket.

It uses SimpleAsyncHTTPClient by itself: the hub configures `AsyncHTTPClient` globally (pycurl, ten clients, with
internal_ssl its own CA and certificate), and none of that may change how Berth is reached. Bodies are never logged.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any, Callable
from urllib.parse import quote

from tornado.httpclient import HTTPRequest
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.tcpclient import TCPClient


class Unreachable(Exception):
    """No answer of Berth's came back: the connection failed, or something else answered in its place."""


class Problem(Exception):
    """Berth itself said no (RFC 9457); `code` is one of the contract's catalogue."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.code: str = body["code"]
        self.detail: str = str(body.get("detail") or body.get("title") or self.code)
        self.current: int = body.get("current") or 0
        super().__init__(f"{self.code}: {self.detail}")


class Token:
    """The hub's bearer token, read anew whenever its file changes: rotating it needs no restart of the hub."""

    def __init__(self, file: str, fixed: str = "") -> None:
        self.file = file
        self._fixed = fixed
        self._text = ""
        self._stamp: tuple[int, int, int] | None = None

    def read(self, again: bool = False) -> str:
        """The token; Unreachable where its file can't be read."""
        if not self.file:
            return _word(self._fixed)
        try:
            stat = os.stat(self.file)
            stamp = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if again or stamp != self._stamp:
                with open(self.file, encoding="ascii") as file:
                    self._text = _word(file.read())
                self._stamp = stamp
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"the token file {self.file} can't be read ({type(error).__name__})") from None
        return self._text


def _word(text: str) -> str:
    """The first word: what stands behind it can't reach a header, nor an error's text."""
    return (text.split() or [""])[0]


class _UnixResolver(Resolver):  # type: ignore[misc, unused-ignore]
    def initialize(self, path: str) -> None:
        self.path = path

    async def resolve(self, host: str, port: int, family: Any = None) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, self.path)]


class _ClosableTCPClient(TCPClient):
    """Remembers its last connection, so that a stream that has gone mute can be hung up: a fetch can't be cancelled."""

    connection: Any = None

    async def connect(self, *args: Any, **kwargs: Any) -> Any:
        self.connection = await super().connect(*args, **kwargs)
        return self.connection


class Client:
    """One service, one token. Belongs to the event loop it was made in."""

    def __init__(self, url: str, token: Token, ca_file: str = "") -> None:
        self.url = url.rstrip("/")
        self.token = token
        self._ca_file = ca_file or None
        self._socket = self.url[len("unix://") :] if self.url.startswith("unix://") else ""
        self._base = "http://localhost" if self._socket else self.url
        self._http = self._new_http()

    def _new_http(self) -> Any:
        resolver = _UnixResolver(path=self._socket) if self._socket else None
        # The event stream's body never ends, so it mustn't run into the default limit of 100 MB.
        return SimpleAsyncHTTPClient(force_instance=True, max_clients=256, resolver=resolver, max_body_size=1 << 60)

    async def _fetch(self, http: Any, method: str, path: str, accept: str, **options: Any) -> tuple[str, Any]:
        token = self.token.read()
        headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Content-Type": "application/json"}
        own: dict[str, Any] = {"ca_certs": self._ca_file, "connect_timeout": 5, "follow_redirects": False}
        try:
            return token, await http.fetch(
                HTTPRequest(self._base + path, method, headers, **own, **options), raise_error=False
            )
        except Exception as error:
            # Tornado raises what its connection met. Only the system's own words are repeated: others quote headers.
            raise Unreachable(str(error) if isinstance(error, OSError) else type(error).__name__) from None

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises Problem where Berth refused and Unreachable for whatever else went wrong."""
        options = {"body": None if body is None else json.dumps(body), "request_timeout": 20}
        token, response = await self._fetch(self._http, method, path, "application/json", **options)
        if response.code == 401 and self.token.read(again=True) != token:
            _, response = await self._fetch(self._http, method, path, "application/json", **options)
        return _answer(response, response.body)

    async def stream(self, path: str, feed: Callable[[bytes], None]) -> None:
        """Feed the body of a GET that never ends to `feed`; cancel it to hang up.

        Returns when the service closes; raises as `call` does.
        """
        http = self._new_http()
        http.tcp_client = tcp = _ClosableTCPClient(resolver=http.resolver)
        head: list[str] = []
        refusal = bytearray()

        def chunk(data: bytes) -> None:
            if head[0].split(" ")[1:2] == ["200"]:
                feed(data)
            elif len(refusal) < 65536:
                refusal.extend(data)

        try:
            callbacks = {"header_callback": head.append, "streaming_callback": chunk}
            _, response = await self._fetch(
                http, "GET", path, "text/event-stream", request_timeout=0, decompress_response=False, **callbacks
            )
        finally:
            if tcp.connection is not None:
                tcp.connection.close()
            http.close()
        if response.code == 401:
            self.token.read(again=True)
        if response.code != 200:
            _answer(response, bytes(refusal))


def _answer(response: Any, body: bytes) -> Any:
    """Only Berth's own words count: a proxy's 404 page says nothing about a server."""
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if response.code == 599:
        raise Unreachable(str(response.error or "no answer"))
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if response.code in (200, 202) and kind == "application/json" and isinstance(parsed, dict):
        return parsed
    if kind == "application/problem+json" and isinstance(parsed, dict) and isinstance(parsed.get("code"), str):
        raise Problem(response.code, parsed)
    raise Unreachable(f"answered {response.code} with {kind or 'nothing'}, which is not Berth's")


def server_path(key: str, query: str = "") -> str:
    """The path of one server; `key` can't break out of its segment."""
    return f"/v1/servers/{quote(key, safe='')}{query}"
