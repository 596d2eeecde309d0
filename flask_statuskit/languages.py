"""A problem in the language of the client, where the application has Flask-Babel.

locale of the request ─▶ catalogue ─▶ Language ─┐
                                      Problem ──┴▶ localized ─▶ Problem, Content-Language

What this package says itself is looked up in the gettext domain ``flask_statuskit``: first in the
translation directories of the application, then in ours. What an application says it translates
itself: its lazy strings are read in the language of the request anyway.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from logging import ERROR
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, has_request_context

from .exceptions import StatusError
from .log import log
from .plain import Sentence, text
from .problem import FieldError, Problem
from .statuses import STATUSES

if TYPE_CHECKING:
    from flask import Response

DOMAIN = "flask_statuskit"
DIRECTORY = Path(__file__).parent / "translations"

#: What the rows of the errors say to clients: the titles and details of problems that have no own.
OF_STATUSES = frozenset(
    said for row in STATUSES.values() if row.code >= 400 for said in (row.phrase, row.sentence)
)


@dataclass(frozen=True)
class Language:
    """What a client is spoken to in.

    Attributes:
        tag: the language of the request (BCP 47), None where nobody translates.
        catalogue: our sentences in it, None where they stay in English.
        is_chosen: whether another client may be spoken to in another language.
    """

    tag: str | None = None
    catalogue: gettext.NullTranslations | None = None
    is_chosen: bool = False

    @property
    def of_ours(self) -> str:
        """What our own sentences are in (BCP 47)."""
        return self.tag if self.tag and self.catalogue else "en"

    def say(self, said: str, **values: object) -> str:
        """A sentence of ours in this language; in English where there is no translation of it.

        Parameters:
            said: the sentence, with names in braces if there are values.
            values: what stands in their places.
        """
        sentence = said if isinstance(said, Sentence) else Sentence(said, **values)
        if self.catalogue is None or not said:  # "" would be the header of the catalogue
            return sentence
        try:
            return sentence.translated(self.catalogue.gettext)
        except Exception as failure:
            log(ERROR, "A translation of %r is broken.", sentence.template, exc_info=failure)
            return sentence

    def vary(self, response: Response) -> None:
        """Have a response say that others may get it in another language (RFC 9110 §12.5.5)."""
        if self.is_chosen:
            # By a function of the application's, which most likely looks there.
            response.vary.add("Accept-Language")


#: Where nobody translates.
ENGLISH = Language()


@contextmanager
def client_language() -> Iterator[Language]:
    """The language of the request; inside of it, lazy strings can be read, whatever fails."""
    babel: Any = sys.modules.get("flask_babel")
    if babel is None or not current_app or "babel" not in current_app.extensions:
        yield ENGLISH
        return
    language = ENGLISH
    try:
        if has_request_context():
            language = _language(babel)
            # What lazy strings are looked up in may be broken, too.
            babel.get_translations()
    except Exception as failure:
        log(ERROR, "The client's language cannot be spoken, so this is English.", exc_info=failure)
        language = ENGLISH
    with babel.force_locale("en") if language is ENGLISH else nullcontext():
        yield language


def _language(babel: Any) -> Language:
    locale = babel.get_locale()
    settings = babel.get_babel()
    directories = (*map(str, settings.translation_directories), str(DIRECTORY))
    parts = locale.language, locale.script, locale.territory, locale.variant
    return Language(
        "-".join(filter(None, parts)),
        _catalogue(directories, _names(locale)),
        settings.locale_selector is not None,
    )


def _names(locale: Any) -> tuple[str, ...]:
    """The names that the directory of a locale may have, the most precise first.

    Babel completes zh_CN to zh_Hans_CN and zh_TW to zh_Hant_TW; bare Chinese is Simplified.
    """
    language, territory = locale.language, locale.territory
    script = locale.script or ("Hans" if language == "zh" else None)
    parts = [(language, script, territory), (language, script), (language, territory), (language,)]
    return tuple(dict.fromkeys("_".join(filter(None, part)) for part in parts))


@lru_cache(maxsize=64)
def _catalogue(
    directories: tuple[str, ...], names: tuple[str, ...]
) -> gettext.NullTranslations | None:
    """The catalogues of our domain as one, the first directory before the others."""
    found: gettext.NullTranslations | None = None
    for directory in reversed(directories):
        for name in reversed(names):
            catalogue = _read(Path(directory, name, "LC_MESSAGES", f"{DOMAIN}.mo"))
            if catalogue is not None:
                if found is not None:
                    catalogue.add_fallback(found)
                found = catalogue
    return found


def _read(path: Path) -> gettext.NullTranslations | None:
    try:
        with path.open("rb") as file:
            return gettext.GNUTranslations(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except Exception as failure:
        log(ERROR, "The catalogue %s cannot be read.", path, exc_info=failure)
        return None


def localized(problem: Problem, error: StatusError, language: Language) -> Problem:
    """The problem in the language of the client, with ``Content-Language`` if that is its language.

    Parameters:
        problem: what the client is to read.
        error: what it was made of. Its lazy strings have been read in the problem.
        language: what the client is spoken to in.
    """
    if language.tag is None:
        return problem
    title = problem.title and _said(problem.title, language)
    detail = problem.detail and _said(problem.detail, language)
    translated = (title, detail) != (problem.title, problem.detail)
    # A hidden reason is not read, whatever it is written in.
    shown = {problem.title, problem.detail}
    lazy = any(_is_lazy(said) and text(said) in shown for said in (error.title, error.detail))
    members: Mapping[str, Any] = problem.members
    listed = members.get("errors")
    if isinstance(listed, (list, tuple)):
        before = cast("list[Any]", listed)
        after = [_entry(entry, language) for entry in before]
        translated |= any(a is not b for a, b in zip(after, before, strict=True))
        members = {**members, "errors": after}
    headers = problem.headers
    is_told = any(name.lower() == "content-language" for name, _ in headers)
    if (translated or lazy) and not is_told:
        headers = (*headers, ("Content-Language", language.tag))
    return replace(problem, title=title, detail=detail, members=members, headers=headers)


def _said(said: str, language: Language) -> str:
    # What else is said an application says, and translates, itself.
    is_ours = isinstance(said, Sentence) or said in OF_STATUSES
    return language.say(said) if is_ours else said


def _entry(entry: Any, language: Language) -> Any:
    if not isinstance(entry, FieldError):
        return entry
    if _is_lazy(entry.detail):
        return replace(entry, detail=text(entry.detail))
    detail = _said(entry.detail, language)
    return entry if detail == entry.detail else replace(entry, detail=detail)


def _is_lazy(said: object) -> bool:
    return isinstance(said, sys.modules["flask_babel"].LazyString)
