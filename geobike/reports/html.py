"""An HTML document from a template: one file without a script, which makes no request."""

import base64
import hashlib
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup


def render(package: str, template: str, *, css: str, **context: Any) -> str:
    """Return a template of a package, filled in; `css` is the name of its style.

    All that comes from data is escaped. The policy of the document allows our own style by its
    hash, and pictures that are in the file.
    """
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(lambda name: text(package, name)),
    )
    environment.filters["picture"] = picture
    style = Markup(text(package, css))  # noqa: S704 - our own file
    found = environment.get_template(template)
    return found.render(**context, style=style, policy=_policy(style))


def text(package: str, name: str) -> str:
    """Return a text file of a package."""
    return (resources.files(package) / name).read_text("utf-8")


def picture(content: bytes) -> str:
    """Return a JPEG as a data URL."""
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
