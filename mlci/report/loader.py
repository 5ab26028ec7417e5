"""Where templates come from: mlci's own, compiled once, and at most one of the user's."""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, TemplateNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from types import CodeType

    from jinja2 import Environment, Template

USER = "report.template"
FILES = {"base": "base.md.j2", "parts": "parts.md.j2", "report": "report.html.j2", "card": "card.md.j2"}


@functools.cache
def text(name: str) -> str:
    """A file beside the templates."""
    return (resources.files("mlci.report") / "templates" / name).read_text(encoding="utf-8")


@functools.cache
def _compiled(name: str, make: Callable[[BaseLoader], Environment]) -> CodeType:
    return make(Loader(make)).compile(text(FILES[name]), name, name)


class Loader(BaseLoader):
    """Loads mlci's templates by name, and the user's as `USER`.

    `make` makes an environment of the kind that the templates are compiled for.
    """

    def __init__(self, make: Callable[[BaseLoader], Environment], user: str | None = None) -> None:
        self._make = make
        self._user = user

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - jinja2's own
    ) -> Template:
        """The template of this name."""
        if name in FILES:
            code = _compiled(name, self._make)
            return environment.template_class.from_code(environment, code, globals or {})
        return super().load(environment, name, globals)

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002 - jinja2 asks with it
        template: str,
    ) -> tuple[str, str | None, None]:
        """The user's template, which is compiled anew each time."""
        if template != USER or self._user is None:
            raise TemplateNotFound(template)
        return self._user, USER, None
