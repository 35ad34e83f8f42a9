"""A web server in a process of its own, which has an areas file at every address and counts askers.

In the process of a test it would see nothing: GDAL asks while it holds the interpreter's lock.
"""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

RING = [[4.3, 51.9], [4.5, 51.9], [4.5, 52.1], [4.3, 52.1], [4.3, 51.9]]


class AskedServer:
    """What a test knows of the server."""

    def __init__(self, port: int, log: Path) -> None:
        self.url, self._port, self._log = f"http://127.0.0.1:{port}", port, log

    @property
    def asked(self) -> list[str]:
        """What has been asked so far. Requests are answered in turn, and this asks one more."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        connection.request("GET", "/asked-by-the-test")
        connection.getresponse().read()
        connection.close()
        lines = self._log.read_text().splitlines()
        return [line for line in lines if not line.endswith(" /asked-by-the-test")]

    def forget(self) -> None:
        self._log.write_text("")


@contextmanager
def running(log: Path) -> Iterator[AskedServer]:
    """Run the server; `log` is where it writes a line for each request before it answers."""
    log.write_text("")
    command = [sys.executable, __file__, str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield AskedServer(int(process.stdout.readline()), log)
        finally:
            process.terminate()


class _Answer(BaseHTTPRequestHandler):
    log: Path

    def do_GET(self) -> None:
        with self.log.open("a") as file:
            file.write(f"{self.command} {self.path}\n")
        polygon = {"type": "Polygon", "coordinates": [RING]}
        properties = {"name": "fetched", "file": "a.jpg"}
        feature = {"type": "Feature", "properties": properties, "geometry": polygon}
        body = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    _Answer.log = Path(sys.argv[1])
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
