"""A mail server and a web server of this machine that write down what they get, and refuse on request."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from tests.brokers import free_port


class _Mail(StreamRequestHandler):
    """As much of SMTP as a client of today uses."""

    server: "MailServer"

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            verb = line.decode().strip().upper()
            if verb.startswith("EHLO"):
                self.say("250-here", self.server.offers)
            elif verb.startswith("AUTH"):
                self.server.logins.append(line.decode().split()[-1])
                self.say(self.server.auth)
            elif verb.startswith("RCPT"):
                self.say(self.server.rcpt)
            elif verb == "DATA":
                self.say("354 go on")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                self.server.mails.append(text.decode())
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 well")

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class MailServer(ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Mail)
        self.mails: list[str] = []
        self.logins: list[str] = []
        self.auth, self.rcpt, self.offers = "235 welcome", "250 well", "250 AUTH PLAIN LOGIN"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


RUBBISH = (b"What do you want?\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n[1")
"""What no web server says, and what one says that breaks off."""


class _Babble(StreamRequestHandler):
    server: "Babbler"

    def handle(self) -> None:
        length = 0
        while line := self.rfile.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.rfile.read(length)
        self.wfile.write(self.server.says)


class Babbler(ThreadingTCPServer):
    """Says the same to everything, and hangs up."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, says: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Babble)
        self.says = says

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Web(BaseHTTPRequestHandler):
    server: "WebServer"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.hold.wait()
        if self.server.code == 200:
            self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        else:
            self.server.refused += 1
        self._answer(b"{}")

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        self._answer(self.server.page)

    def _answer(self, page: bytes) -> None:
        self.send_response(self.server.code)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class WebServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Web)
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.asked: list[dict[str, str]] = []
        self.page, self.code, self.refused = b"{}", 200, 0
        self.hold = threading.Event()
        self.hold.set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def up(server: Any) -> Iterator[Any]:
    """Serve in a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


__all__ = ["MailServer", "WebServer", "free_port", "up"]
