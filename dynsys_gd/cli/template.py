"""Pages from templates: each one file that needs nothing else."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Any

__all__ = ["now_in_words", "rendered"]


def rendered(template: str, values: dict[str, Any]) -> str:
    """Return the page that a template of this folder makes of `values`."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(values)


def now_in_words() -> str:
    """Return the date and the time of day."""
    now = datetime.now()
    return f"{now.day} {now:%B %Y, %H:%M}"


def _text(name: str) -> str:
    return resources.files("dynsys_gd.cli").joinpath(name).read_text(encoding="utf-8")
