"""A loopback stand-in for a Hugging Face hub: it holds files of repositories at commits.

It answers what huggingface_hub asks for a download: HEAD and GET of /<repo>/resolve/<commit>/<file>
with the headers of the real one. Run it: python -m tests.support.hub_server FOLDER, where FOLDER
holds <org>/<name>/<commit>/<file>, and HF_ENDPOINT set to the address that it prints.
"""

import hashlib
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """What the hub holds, what it was asked, and how it misbehaves."""

    files: Mapping[tuple[str, str, str], bytes]
    """Content by repository, commit and path."""
    status: int | None = None
    """Answered to everything, where set."""
    declares: str | None = None
    """SHA-256 to declare for every large file instead of the true one."""
    cut: int | None = None
    """Bytes after which every download breaks off."""
    address: str = ""
    asked: list[str] = field(default_factory=list)
    """Method and path of every request for a file."""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve `hub` on a free port of the loopback interface; its `address` is set."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if "/resolve/" in path:  # besides these, huggingface_hub asks after news about itself
            self.hub.asked.append(f"{self.command} {path}")
        if self.hub.status is not None:
            return self._error(self.hub.status, None)
        repo, _, rest = path.removeprefix("/").partition("/resolve/")
        commit, _, name = rest.partition("/")
        content = self.hub.files.get((repo, commit, name))
        if content is not None:
            return self._file(content, commit, name, body=body)
        if not any(key[0] == repo for key in self.hub.files):
            return self._error(404, "RepoNotFound")
        if not any(key[:2] == (repo, commit) for key in self.hub.files):
            return self._error(404, "RevisionNotFound")
        return self._error(404, "EntryNotFound", commit)

    def _file(self, content: bytes, commit: str, name: str, *, body: bool) -> None:
        self.send_response(200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("Content-Length", str(len(content)))
        if name.endswith(".onnx"):  # large-file storage: named by SHA-256
            digest = self.hub.declares or hashlib.sha256(content).hexdigest()
            self.send_header("X-Linked-Etag", f'"{digest}"')
            self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"')
        self.end_headers()
        if body:
            self.wfile.write(content if self.hub.cut is None else content[: self.hub.cut])
            self.close_connection = self.hub.cut is not None

    def _error(self, status: int, code: str | None, commit: str | None = None) -> None:
        self.send_response(status)
        if commit is not None:
            self.send_header("X-Repo-Commit", commit)
        if code is not None:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    root = Path(sys.argv[1])
    held = {
        ("/".join(parts[:2]), parts[2], "/".join(parts[3:])): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and len(parts := path.relative_to(root).parts) > 3
    }
    with serving(Hub(held)) as running:
        print(running.address, flush=True)  # noqa: T201 - run by hand, it tells where it is
        threading.Event().wait()
