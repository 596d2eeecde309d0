"""The ``<number:...>`` part of a URL."""

from werkzeug.routing import IntegerConverter


class RecordNumber(IntegerConverter):
    """A record's number: an integer that fits into the database's column.

    Flask's ``<int:...>`` takes any number of digits. A database or its driver refuses an integer
    that is too long for it, and the answer would be 500. Here such a URL matches no route: 404.
    Nor does one that has another URL already, such as 007, or 7 in the digits of another script.
    """

    regex = r"[1-9][0-9]{0,8}"
