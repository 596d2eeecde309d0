"""Plain JSON values of whatever there is, in a bounded number of bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring_ascii as _in_ascii
from typing import Any, cast

#: What stands in the place of a value for which there was no room.
LEFT_OUT: Any = object()

#: Levels of mappings and lists, one in the other, that are followed.
DEEPEST = 32


class Sentence(str):
    """A sentence of this package that clients read: text, and what it is translated by.

    Catalogues of translations have every one that the code makes, by its template.

    Parameters:
        template: the sentence, with names in braces.
        values: what stands in their places. Without any, the template stays as it is.

    >>> at_least = Sentence("Has to be at least {number}.")
    >>> at_least.filled(number=7)
    'Has to be at least 7.'
    """

    template: str
    values: dict[str, str]

    def __new__(cls, template: str, /, **values: object) -> Sentence:
        # A sentence in a sentence can still be translated, too.
        plain = {n: v if type(v) is Sentence else text(v) for n, v in values.items()}
        sentence = super().__new__(cls, template.format_map(plain) if plain else template)
        sentence.template, sentence.values = template, plain
        return sentence

    def filled(self, **values: object) -> Sentence:
        """The same sentence with values in the places of its names."""
        return Sentence(self.template, **values)

    def translated(self, find: Callable[[str], str]) -> str:
        """The sentence in another language.

        Parameters:
            find: gives the translation of a template.

        Raises:
            LookupError, ValueError, AttributeError: the translation has places for other values.
        """
        values = {
            n: v.translated(find) if type(v) is Sentence else v for n, v in self.values.items()
        }
        template = find(self.template)
        return template.format_map(values) if values else template


def text(value: object) -> str:
    """`value` as text that UTF-8 can carry, whatever it is."""
    if type(value) is Sentence or (type(value) is str and value.isascii()):
        return value
    if isinstance(value, str):
        # str() of an enum member would be its name, of a subclass whatever it likes.
        string = str.__str__(value)
    elif isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    else:
        try:
            string = str(value)
        except Exception:
            return f"<{type(value).__name__}>"
        if " at 0x" in string:
            # An address in memory, which most objects show that have no text of their own.
            return f"<{type(value).__name__}>"
    # Lone surrogates are legal in a Python string and in no encoding.
    return string if string.isascii() else string.encode("utf-8", "replace").decode("utf-8")


def _cut(value: str, at_most: int) -> str | None:
    """As much of a text as takes `at_most` bytes in ASCII, quotes and ellipsis included."""
    kept = value[: max(0, at_most)]
    while len(encoded := _in_ascii(kept)) > at_most - (0 if len(kept) == len(value) else 6):
        if not kept:
            return None
        # By how much an escape is longer than its character, this text has shown.
        kept = kept[: len(kept) * max(0, at_most - 8) // len(encoded)]
    return kept if len(kept) == len(value) else kept + "…"


class Room:
    """The bytes that are left, while values are turned into plain JSON.

    Counted is what the standard library would write in ASCII, with a blank behind commas and
    colons. UTF-8 and compact encoders take less.
    """

    def __init__(self, size: int, to_plain: Callable[[Any], Any]) -> None:
        self._left = size
        self._to_plain = to_plain

    def whole(self, name: str, value: str | None, at_most: int) -> str | None:
        """A text as it is, or not at all."""
        if value is None or len(value) > at_most or len(_in_ascii(value)) > at_most:
            return None
        self._take(_entry(name) + len(_in_ascii(value)))
        return value

    def cut(self, name: str, value: str | None, at_most: int) -> str | None:
        """A text as far as there is room for it."""
        if value is None:
            return None
        self._take(_entry(name))
        kept = self._text(text(value), min(at_most, self._left))
        return None if kept is LEFT_OUT else str(kept)

    def member(self, name: str, value: Any) -> Any:
        """A member of the body, `LEFT_OUT` if nothing of it fits."""
        return self._plain(value, 0) if self._take(_entry(name)) else LEFT_OUT

    def field_errors(self, errors: list[Any]) -> Any:
        """As many entries as fit, each of them whole but for a detail that is very long."""
        if not self._take(_entry("errors") + 2 + _entry("errors_omitted") + 6):
            return LEFT_OUT
        kept: list[Any] = []
        longest = self._left // 4
        for error in errors:
            if isinstance(error, dict) and isinstance(error.get("detail"), str):
                detail = _cut(error["detail"], longest)
                if detail is None:
                    break
                error = {**error, "detail": detail}
            left = self._left
            plain = self._plain(error, 1) if self._take(2) else LEFT_OUT
            # Of those that are our own, half an entry would be another one.
            if plain is LEFT_OUT or (isinstance(error, dict) and plain != error):
                self._left = left
                break
            kept.append(plain)
        return kept

    def _take(self, size: int) -> bool:
        fits = size <= self._left
        if fits:
            self._left -= size
        return fits

    def _text(self, value: str, at_most: int) -> Any:
        kept = _cut(value, at_most)
        return kept if kept is not None and self._take(len(_in_ascii(kept))) else LEFT_OUT

    def _plain(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value if self._take(5) else LEFT_OUT
        if isinstance(value, (int, float)):
            return self._number(value)
        if isinstance(value, (str, bytes, bytearray)):
            return self._text(text(value), self._left)
        if depth > DEEPEST:
            return self._text("…", self._left)
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple, set, frozenset)):
            return self._list(cast("Iterable[Any]", value), depth)
        try:
            plain = self._to_plain(value)
        except Exception:
            # No reason to lose the other members.
            plain = f"<{type(value).__name__}>"
        return self._plain(plain, depth + 1)

    def _number(self, value: float) -> Any:
        if isinstance(value, int):
            # Python refuses to write much longer numbers (sys.set_int_max_str_digits).
            plain: Any = int(value) if value.bit_length() < 2048 else None
        else:
            plain = float(value) if math.isfinite(value) else None
        return plain if self._take(len(repr(plain))) else LEFT_OUT

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if not self._take(2):
            return LEFT_OUT
        entries: dict[str, Any] = {}
        for key, item in value.items():
            # As JSON calls them, and its encoders do.
            name = json.dumps(key) if key is None or isinstance(key, bool) else text(key)
            plain = LEFT_OUT
            if len(name) < self._left and self._take(_entry(name)):
                plain = self._plain(item, depth + 1)
            if plain is LEFT_OUT:
                break
            entries[name] = plain
        return entries

    def _list(self, value: Iterable[Any], depth: int) -> Any:
        if not self._take(2):
            return LEFT_OUT
        entries: list[Any] = []
        for item in value:
            plain = self._plain(item, depth + 1) if self._take(2) else LEFT_OUT
            if plain is LEFT_OUT:
                break
            entries.append(plain)
        return entries


def _entry(name: str) -> int:
    """The size of a name, with the colon and the comma around its value."""
    return len(_in_ascii(name)) + 4
