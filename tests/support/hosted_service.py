"""A loopback stand-in for Hugging Face's inference service, as strict as the real one.

Left alone it checks what the router checks, decodes the picture and answers with a few objects at
places relative to it. A scenario replaces its answers, one request after the other. To try it by
hand: python -m tests.support.hosted_service --port 8123 --scenario rate_429_retry_after_int
"""

import argparse
import base64
import binascii
import io
import json
import math
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO

import pytest
from PIL import Image, ImageOps

from tests.support.hosted_scenarios import (
    DETR,
    HONEST,
    SCENARIOS,
    TOKEN,
    VIT,
    Reply,
    Script,
    finds,
    page,
    says,
    thing,
)

UPLOADS = {
    f"image/{kind}" for kind in ("jpeg", "jpg", "png", "webp", "gif", "bmp", "tiff", "x-image")
}

# label, score, box in shares of the picture's width and height; not sorted, as the real one's
OBJECTS = (
    ("person", 0.88, (0.55, 0.25, 0.70, 0.95)),
    ("bicycle", 0.97, (0.10, 0.40, 0.45, 0.90)),
    ("bicycle", 0.31, (0.60, 0.50, 0.80, 0.80)),
    ("car", 0.04, (0.00, 0.00, 0.20, 0.20)),
)
CLASSES = (
    ("mountain bike, all-terrain bike, off-roader", 0.71),
    ("bicycle-built-for-two, tandem bicycle, tandem", 0.12),
    ("crash helmet", 0.03),
    ("moped", 0.02),
    ("parking meter", 0.01),
    ("street sign", 0.005),
)


@dataclass
class Seen:
    """One request as it arrived, and the status that it got."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int = 0

    def picture(self) -> Image.Image:
        """Return the upload as Pillow opens it, EXIF and all."""
        return Image.open(io.BytesIO(base64.b64decode(json.loads(self.body)["inputs"])))


class FakeService:
    """Serves on a free port of this machine while used as a context manager.

    `scenario` can be changed at any time, to a name or to a script: replies, of which the last is
    repeated, or a function that draws one for each request. `requests` holds what arrived.
    Answers take `delay` seconds; bodies come in at `uplink` bits a second, all together.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        scenario: str = "honest",
        delay: float = 0.0,
        uplink: float = math.inf,
    ) -> None:
        self.requests: list[Seen] = []
        self.delay = delay
        self.uplink = Uplink(uplink)
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.service = self
        self.play(scenario)

    def play(self, scenario: str | Script) -> None:
        """Start a scenario from its first reply."""
        with self._lock:
            self._script = SCENARIOS[scenario] if isinstance(scenario, str) else scenario
            self._place = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, model: str = DETR) -> str:
        return f"http://{self.host}/hf-inference/models/{model}"

    def __enter__(self) -> "FakeService":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.requests.append(seen)
            scripted = self._next(seen)
        self.closing.wait(self.delay)
        reply = honest(seen) if scripted is HONEST else scripted
        seen.status = reply.status
        return reply

    def _next(self, seen: Seen) -> Reply | None:
        if callable(self._script):
            return self._script(seen)
        self._place += 1
        return self._script[min(self._place, len(self._script)) - 1]


class Uplink:
    """What all clients' uploads come in through, so many bits in a second."""

    def __init__(self, bits: float) -> None:
        self._bits = bits
        self._lock = threading.Lock()
        self._free_at = 0.0

    def read(self, stream: BinaryIO, length: int) -> bytes:
        body = bytearray()
        while len(body) < length and (block := stream.read(min(16_384, length - len(body)))):
            body += block
            with self._lock:
                start = max(self._free_at, time.monotonic())
                self._free_at = start + 8 * len(block) / self._bits
            time.sleep(max(0.0, self._free_at - time.monotonic()))
        return bytes(body)


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService() as running:
        yield running


def honest(seen: Seen) -> Reply:
    """Answer as the real service does: token, then path and model, then the body."""
    given = seen.headers.get("authorization")
    if given is None:
        return page(401, "Hugging Face: The AI community building the future.")
    if given != f"Bearer {TOKEN}":
        return says(401, "Invalid username or password.")
    prefix, _, model = seen.path.partition("?")[0].partition("/hf-inference/models/")
    if prefix or not model:
        return Reply(404, b"Not Found", "text/plain")
    if model not in (DETR, VIT):
        return says(404, f"Model {model} does not exist")
    try:
        return _infer(seen, model)
    except (ValueError, TypeError, OSError) as error:  # the toolkit makes a 400 of everything
        return says(400, str(error))


def _infer(seen: Seen, model: str) -> Reply:
    kind = seen.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind:
        raise ValueError("No content type provided and no default one configured.")
    octets = kind == "application/octet-stream" and model == VIT
    if kind == "application/json":
        media, parameters = _json_body(seen.body)
    elif kind in UPLOADS or octets:
        media, parameters = seen.body, {}
    else:
        raise ValueError(f'Content type "{kind}" not supported.\n  Supported: application/json, …')
    with Image.open(io.BytesIO(media)) as opened:
        opened.load()
        width, height = ImageOps.exif_transpose(opened).size
    if model == VIT:
        return _classified(**parameters)
    return _detected(width, height, parameters.get("threshold", 0.5))


def _json_body(body: bytes) -> tuple[bytes, dict[str, Any]]:
    data = json.loads(body)
    if "inputs" not in data:
        raise ValueError(f"Body needs to provide a inputs key, received: {body!r}")
    try:
        media = base64.b64decode(data["inputs"], validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError(f"Incorrect image source. Failed with {error}") from error
    parameters = data.get("parameters", {})
    if not isinstance(parameters, dict):
        raise TypeError("parameters must be a mapping")
    return media, parameters


def _detected(width: int, height: int, threshold: Any) -> Reply:
    return finds(
        *(
            thing(
                label,
                score,
                [int(at * side) for at, side in zip(box, (width, height) * 2, strict=True)],
            )
            for label, score, box in OBJECTS
            if score > threshold
        )
    )


def _classified(top_k: int = 5) -> Reply:
    return finds(*({"label": label, "score": score} for label, score in CLASSES[:top_k]))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    service: FakeService

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each small answer waits 40 ms for an acknowledgement
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.server.service.uplink.read(self.rfile, length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.service.answer(Seen(self.path, headers, body))
        getattr(self, f"_send_{reply.manner}")(reply)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _head(self, reply: Reply, **framing: str) -> None:
        self.send_response(reply.status)
        headers = (
            {"Content-Type": reply.kind, "x-sha": "1d5f47bd3b"} | framing | dict(reply.headers)
        )
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _send_whole(self, reply: Reply) -> None:
        self._head(reply, Content_Length=str(len(reply.body)))
        self.wfile.write(reply.body)

    def _send_reset(self, _: Reply) -> None:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, for 0 s: closing sends RST
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def _send_slow_headers(self, _: Reply) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drip(b"z")

    def _send_slow_body(self, reply: Reply) -> None:
        self._head(reply, Content_Length="100000")
        self._drip(b" ")

    def _drip(self, sign: bytes) -> None:
        """Send one byte now and then, often enough that no read times out."""
        self.close_connection = True
        while not self.server.service.closing.wait(0.03):
            self.wfile.write(sign)

    def _send_cut_chunk(self, reply: Reply) -> None:
        self._head(reply, Transfer_Encoding="chunked")
        self.wfile.write(f"{len(reply.body):x}\r\n".encode() + reply.body[:40])
        self.close_connection = True

    def _send_cut_length(self, reply: Reply) -> None:
        self._head(reply, Content_Length=str(len(reply.body)))
        self.wfile.write(reply.body[:40])
        self.close_connection = True


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8123)
    options.add_argument("--scenario", choices=SCENARIOS, default="honest")
    options.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    options.add_argument("--uplink", type=float, default=math.inf, help="Mbit/s of all uploads")
    chosen = options.parse_args()
    with FakeService(
        port=chosen.port,
        scenario=chosen.scenario,
        delay=chosen.delay,
        uplink=chosen.uplink * 1e6,
    ) as service:
        said = f"{chosen.scenario} on {service.url()} with the token {TOKEN}; Ctrl-C ends it"
        print(said, flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
