# SPDX-License-Identifier: Apache-2.0
"""HTML pages from templates beside this file: every value is escaped unless marked safe."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from host_tools.errors import MissingDependency

TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(template: str, values: dict[str, Any]) -> str:
    """Fill a template; a name that it uses and ``values`` lacks is a mistake and raises.

    Raises MissingDependency without jinja2.
    """
    try:
        import jinja2
    except ImportError as error:
        raise missing(error) from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text: str = environment.get_template(template).render(values)
    return text


def missing(error: ImportError) -> MissingDependency:
    """The error for an optional package that a report needs and that is not there."""
    return MissingDependency(
        f"an HTML report needs {error.name}; install it with: pip install 'percepnet-kit[report]'"
    )


def template_text(name: str) -> str:
    """A file that goes into a page as it is: a style sheet or a script."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def data_url(media_type: str, content: bytes) -> str:
    """The content itself as an address, so that the page needs no other file."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def policy_hash(script: str) -> str:
    """How a content security policy names the one inline script that may run."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
