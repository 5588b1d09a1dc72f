"""Two pages: one to try texts, one with the description of the interface. Nothing in them is loaded from elsewhere.

The page to try texts is the same for everyone and holds no data: its script asks for models and answers as any client
does, with the token, if there is one, from the address after # (which no browser sends anywhere) or from a field.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from textcnn.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["docs_page", "served_page", "try_page"]

_HERE = Path(__file__).parent


def try_page() -> HTMLResponse:
    """The page to try texts."""
    return served_page("try.html", script=_text("try.js"), version=__version__)


def docs_page(description: dict[str, Any]) -> HTMLResponse:
    """The page that shows an OpenAPI description."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    return served_page(
        "docs.html",
        script="",
        info=description["info"],
        operations=operations,
        schemas=description["components"]["schemas"],
        example=json.dumps(
            operations[0][2]["requestBody"]["content"]["application/json"]["examples"]["texts"]["value"]
        ),
    )


def served_page(template: str, *, script: str, style: str = "", folder: Path = _HERE, **content: Any) -> HTMLResponse:
    """A template filled in, allowed no more than its own style and script, and requests to this server.

    Args:
        template: which extends page.html.
        script: its own, if any, behind what all pages have.
        style: the same.
        folder: where the template is.
        content: what it is filled in with.
    """
    style = _text("serve.css") + style
    script = script and _text("page.js") + script
    body = _environment(folder).get_template(template).render(style=style, script=script, **content)
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(body, headers={"Content-Security-Policy": policy})


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _environment(folder: Path) -> "Environment":
    """Templates that escape all text but the style and the script, which are our own."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([folder, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
