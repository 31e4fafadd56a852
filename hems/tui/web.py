"""The screen in a browser: each tab is one `hems tui` of its own.

textual-serve itself asks nobody who they are and takes any page's word.  So this listens on this machine only, admits
only pages that it has served itself, opens few tabs, and lets the page load nothing from elsewhere.  Whoever wants it
on the network puts a proxy in front that asks for a password.
"""

import ipaddress
import logging
import os
from collections.abc import Sequence
from shlex import join
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

from hems.model.errors import HemsError
from hems.wording.language import say

MOST_TABS = 3
"""A tab costs some 40 MB."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def check_host(host: str, *, behind_proxy: bool) -> None:
    """Raises: HemsError for a host that others can reach, unless a proxy stands in front."""
    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    if not own and not behind_proxy:
        raise HemsError(
            f"{host} can be reached by others, and this page asks nobody for a password. Leave --host out, or put a "
            "proxy in front that asks (see the manual) and say --behind-proxy."
        )


def check_url(url: str | None) -> None:
    """Raises: HemsError for what nobody can type into a browser."""
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise HemsError(f"--public-url {url} is no address; write it whole, as in https://hems.example.org.")


class WebScreen(Server):
    """Serves the screen; `public_url` is what people type, where a proxy stands in front."""

    def __init__(self, command: Sequence[str], *, host: str, port: int, public_url: str | None = None) -> None:
        super().__init__(join(command), host=host, port=port, title="HEMS", public_url=public_url)
        self._tabs = 0

    def serve(self, debug: bool = False) -> None:
        """Until stopped.  Raises: HemsError where it cannot listen."""
        try:
            super().serve(debug)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else error
            raise HemsError(f"{self.host}:{self.port} cannot be used ({why}). Choose another --port.") from error

    def initialize_logging(self) -> None:
        """Only what is wrong: not a line for each file that a browser fetches."""
        logging.basicConfig(level="WARNING", format="%(message)s")

    async def on_startup(self, app: web.Application) -> None:
        """Say where the screen is."""
        print(say("The screen is at {url}. Ctrl-C ends it.", url=self.public_url), flush=True)

    def admits(self, origin: str | None, host: str | None) -> bool:
        """Whether a request comes from our own page: its name and where it was loaded from are ours."""
        _, _, own = self.public_url.partition("://")
        names = {own, f"127.0.0.1:{self.port}", f"localhost:{self.port}"} if own.startswith("localhost") else {own}
        if host not in names:
            return False
        return origin is None or origin.partition("://")[2] in names

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()
        app.middlewares.append(self._guard())
        return app

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Turn away what is not ours."""
            origin, wants_screen = request.headers.get("Origin"), request.path == "/ws"
            if not self.admits(origin, request.headers.get("Host")) or (wants_screen and origin is None):
                raise web.HTTPForbidden(text=f"This page is served at {self.public_url} only.\n")
            if not wants_screen:
                response = await handler(request)
                response.headers.update(HEADERS)
                return response
            if self._tabs >= MOST_TABS:
                raise web.HTTPServiceUnavailable(text=f"{MOST_TABS} screens are open already; close one.\n")
            self._tabs += 1
            try:
                return await handler(request)
            finally:
                self._tabs -= 1

        return guard
