"""The packages of the distribution for a booted system without a network: its apt asks this machine, and nothing else.

Outside, `lent` answers at a socket that is a file and asks the mirror.  Inside, this is run with that file, and what
connects to PORT is carried there.
"""

import socket
import socketserver
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

PORT = 3142
WITHIN_S = 30.0


class Asking(BaseHTTPRequestHandler):
    """One connection of apt, as to a proxy."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Ask the mirror for the same."""
        asked = {name: value for name, value in self.headers.items() if name in ("If-Modified-Since", "Range")}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.path, headers=asked), timeout=WITHIN_S) as found:
                status, body = found.status, found.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, b""
        except OSError:
            status, body = 502, b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """A file has none."""
        return "apt"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """One thread for each connection."""

    daemon_threads = True


@contextmanager
def lent(sources: Path, at: Path) -> Iterator[bool]:
    """Answer at the socket `at` while this lasts; False where the first mirror of `sources` cannot be reached."""
    line = next(one for one in sources.read_text().splitlines() if one.startswith("deb ")).split()
    try:
        urllib.request.urlopen(f"{line[1]}/dists/{line[2]}/Release", timeout=WITHIN_S).close()
    except OSError:
        yield False
        return
    with Server(str(at), Asking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield True
        server.shutdown()
    at.unlink()


def carried(there: str) -> None:
    """Inside: whatever connects to PORT talks to the file `there`."""
    with socket.create_server(("127.0.0.1", PORT)) as listening:
        while True:
            near, far = listening.accept()[0], socket.socket(socket.AF_UNIX)
            far.connect(there)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=pour, args=(source, sink), daemon=True).start()


def pour(source: socket.socket, sink: socket.socket) -> None:
    """One direction."""
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    carried(sys.argv[1])
