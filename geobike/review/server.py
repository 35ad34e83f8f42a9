"""The server of the page: on loopback alone, for whoever knows the token in its address."""

import json
import os
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from geobike.errors import GeobikeError, InputError, MissingPackageError
from geobike.review import people, session
from geobike.review.guard import Guard
from geobike.review.session import Session, Survey
from geobike.review.trial import Trial

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LOOPBACK: Final = "127.0.0.1"

PAGE_FILES: Final = {
    session.COLOURS: "text/css",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "stage.js": "text/javascript",
    "marks.js": "text/javascript",
    "list.js": "text/javascript",
    "sheets.js": "text/javascript",
    "people.js": "text/javascript",
    "correct.js": "text/javascript",
    "try.js": "text/javascript",
    "keys.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""What the page is made of, and all that is read for it."""

_MOST_FIELDS: Final = 1_000_000
"""Bytes of what the page sends, but for a photo to try."""

_MOST_LETTERS: Final = 10_000
_MOST_PHOTO: Final = 200_000_000
_FOUND: Final = 60
"""Most photos that a search lists."""


@contextmanager
def serving(opened: Session, *, port: int = 0) -> Iterator[str]:
    """Serve the page meanwhile, and give its address. `port` 0 takes any that is free.

    Raises MissingPackageError without the extra `review`, InputError where the port is taken.
    """
    try:
        import uvicorn
    except ImportError:
        raise MissingPackageError("geobike review", "review") from None
    bound = _bind(port)
    taken = bound.getsockname()[1]
    token = secrets.token_urlsafe(24)
    guarded = Guard(
        application(opened), token=token, hosts=(f"{LOOPBACK}:{taken}", f"localhost:{taken}")
    )
    config = uvicorn.Config(
        guarded, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=2,
        server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # In a thread, where it leaves the signals to us.
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [bound]}, name="geobike-review", daemon=True
    )
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{taken}/{token}/"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        bound.close()


def application(opened: Session) -> Any:
    """Return the ASGI application, without its guard. Raises MissingPackageError."""
    try:
        from starlette.applications import Starlette
        from starlette.routing import Route
    except ImportError:
        raise MissingPackageError("geobike review", "review") from None
    routes = [
        Route("/", _page, methods=["GET"]),
        Route("/page/{name}", _page_file, methods=["GET"]),
        Route("/state", _told(lambda _: session.state(opened)), methods=["GET"]),
    ]
    if opened.survey is not None:
        routes += _survey_routes(Route, opened.survey)
    if opened.trial is not None:
        routes += _trial_routes(Route, opened.trial)
    return Starlette(routes=routes)


def _survey_routes(route: Any, survey: Survey) -> list[Any]:
    work, boxes, pictures = survey.work, survey.boxes, survey.pictures

    def find(given: Mapping[str, Any]) -> Any:
        return boxes.find(
            _text(given, "text"),
            threshold=survey.rules.threshold,
            counted=work.counts(),
            most=_FOUND,
        )

    return [
        route("/photo/{n:int}", _picture(pictures.whole), methods=["GET"]),
        route("/small/{n:int}", _picture(pictures.small), methods=["GET"]),
        route("/tasks", _done(lambda given: work.tasks(_name(given))), methods=["POST"]),
        route(
            "/count",
            _done(lambda given: work.count(_name(given), _number(given), given)),
            methods=["POST"],
        ),
        route(
            "/finish",
            _done(lambda given: work.finish(_name(given), _text(given, "page"), given)),
            methods=["POST"],
        ),
        route("/differences", _done(lambda _: work.differences()), methods=["POST"]),
        route(
            "/settle",
            _done(lambda given: work.settle(_number(given), _names(given))),
            methods=["POST"],
        ),
        route("/find", _done(find), methods=["POST"]),
        route("/boxes", _done(lambda given: boxes.of(_number(given))), methods=["POST"]),
        route(
            "/correct",
            _done(lambda given: boxes.correct(_name(given), _number(given), given)),
            methods=["POST"],
        ),
    ]


def _trial_routes(route: Any, trial: Trial) -> list[Any]:
    async def detect(request: "Request") -> "Response":
        from starlette.concurrency import run_in_threadpool

        data = await _body(request, _MOST_PHOTO)
        return _json(await run_in_threadpool(trial.detect, data))

    async def picture(request: "Request") -> "Response":
        return _jpeg(trial.picture(str(request.path_params["name"])))

    return [
        route("/try", _safely(detect), methods=["POST"]),
        route("/tried/{name}", _safely(picture), methods=["GET"]),
    ]


Endpoint = Callable[["Request"], Awaitable["Response"]]


def _safely(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that tells the page in one line what cannot be done."""

    async def answer(request: "Request") -> "Response":
        try:
            return await endpoint(request)
        except GeobikeError as error:
            return _json({"error": str(error)}, status=400)

    return answer


def _told(work: Callable[[Mapping[str, Any]], Any]) -> Endpoint:
    async def answer(_: "Request") -> "Response":
        return _json(work({}))

    return _safely(answer)


def _done(work: Callable[[Mapping[str, Any]], Any]) -> Endpoint:
    """Return an endpoint that hands the fields of a request on and answers with the outcome."""

    async def answer(request: "Request") -> "Response":
        from starlette.concurrency import run_in_threadpool

        given = _fields(await _body(request, _MOST_FIELDS))
        return _json(await run_in_threadpool(work, given))

    return _safely(answer)


def _picture(make: Callable[[int], bytes]) -> Endpoint:
    async def answer(request: "Request") -> "Response":
        from starlette.concurrency import run_in_threadpool

        try:
            return _jpeg(await run_in_threadpool(make, int(request.path_params["n"])))
        except GeobikeError as error:
            return _json({"error": str(error)}, status=404)

    return answer


async def _page(_: "Request") -> "Response":
    return _file("page.html", "text/html")


async def _page_file(request: "Request") -> "Response":
    name = str(request.path_params["name"])
    if name not in PAGE_FILES:
        return _json({"error": "there is no such file"}, status=404)
    return _file(name, PAGE_FILES[name])


def _file(name: str, kind: str) -> "Response":
    from starlette.responses import Response

    return Response(session.page_file(name), media_type=f"{kind}; charset=utf-8")


def _json(content: Any, *, status: int = 200) -> "Response":
    from starlette.responses import Response

    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    # A file's name may hold what is no Unicode.
    data = text.encode("utf-8", "replace")
    return Response(data, status_code=status, media_type="application/json")


def _jpeg(data: bytes) -> "Response":
    from starlette.responses import Response

    # Under an address with the token, that changes with each run: the browser may keep it.
    return Response(data, media_type="image/jpeg")


async def _body(request: "Request", most: int) -> bytes:
    """Return what was sent. Raises InputError where it is more than `most` bytes."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise InputError(f"what was sent is over the limit of {most / 1e6:g} MB")
        parts.append(part)
    return b"".join(parts)


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body or b"{}")
        json.dumps(given, ensure_ascii=False).encode()  # half a character fits into no file
    except (ValueError, RecursionError):
        raise InputError("what was sent is not JSON") from None
    if not isinstance(given, dict):
        raise InputError("what was sent is no object of fields")
    return given


def _name(given: Mapping[str, Any]) -> str:
    return people.name(_text(given, "counter"))


def _names(given: Mapping[str, Any]) -> list[str]:
    names = given.get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError("names is no list of names")
    return names


def _text(given: Mapping[str, Any], field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str):
        raise InputError(f"{field} is missing, or is no text")
    if len(value) > _MOST_LETTERS:
        raise InputError(f"{field} is over {_MOST_LETTERS:,} letters")
    return value


def _number(given: Mapping[str, Any]) -> int:
    value = given.get("n")
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError("n is missing, or is no whole number")
    return value


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # a run that was stopped holds its port for a minute
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
        bound.listen()  # the address is told before the server runs
    except (OSError, OverflowError) as error:
        bound.close()
        raise InputError(
            f"--port {port} cannot be used: {error}; leave it out, and a free one is taken"
        ) from None
    return bound
