from __future__ import annotations

import ast
import dataclasses
import re
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any
from wsgiref.util import is_hop_by_hop

import pytest
from werkzeug.http import HTTP_STATUS_CODES

from flask_statuskit import statuses
from flask_statuskit.statuses import STATUSES, Duty, Status

# The IANA registry of 2025-09-15, typed out here and not taken from the module. Its notes
# "(TEMPORARY ...)" on 104 and "(OBSOLETED)" on 510 are not part of the phrase.
REGISTRY = {
    100: "Continue",
    101: "Switching Protocols",
    102: "Processing",
    103: "Early Hints",
    104: "Upload Resumption Supported",
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-Authoritative Information",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    207: "Multi-Status",
    208: "Already Reported",
    226: "IM Used",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    305: "Use Proxy",
    306: "(Unused)",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    418: "(Unused)",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    510: "Not Extended",
    511: "Network Authentication Required",
}

# RFC 9110 §15.2 to §15.6 number their subsections in the order of the codes.
RFC_9110_SECTIONS = {
    "15.2": [100, 101],
    "15.3": [200, 201, 202, 203, 204, 205, 206],
    "15.4": [300, 301, 302, 303, 304, 305, 306, 307, 308],
    "15.5": [*range(400, 419), 421, 422, 426],
    "15.6": [500, 501, 502, 503, 504, 505],
}

OTHER_SECTIONS = {
    102: "RFC 2518 §10.1",
    103: "RFC 8297 §2",
    104: "draft-ietf-httpbis-resumable-upload-11 §5",
    207: "RFC 4918 §11.1",
    208: "RFC 5842 §7.1",
    226: "RFC 3229 §10.4.1",
    423: "RFC 4918 §11.3",
    424: "RFC 4918 §11.4",
    425: "RFC 8470 §5.2",
    428: "RFC 6585 §3",
    429: "RFC 6585 §4",
    431: "RFC 6585 §5",
    451: "RFC 7725 §3",
    506: "RFC 2295 §8.1",
    507: "RFC 4918 §11.5",
    508: "RFC 5842 §7.2",
    510: "RFC 2774 §7",
    511: "RFC 6585 §6",
}

HeaderDuty = tuple[str, str, str | None]  # header, level, value

AS_THE_200: set[HeaderDuty] = {
    ("Date", "may", None),
    ("Cache-Control", "may", None),
    ("ETag", "may", None),
    ("Expires", "may", None),
    ("Content-Location", "may", None),
    ("Vary", "may", None),
}
UPGRADE: set[HeaderDuty] = {("Upgrade", "must", None), ("Connection", "must", "Upgrade")}
NO_STORE: HeaderDuty = ("Cache-Control", "must", "no-store")
LOCATION: HeaderDuty = ("Location", "should", None)

# Every status that is not named here owes no header.
DUTIES: dict[int, set[HeaderDuty]] = {
    101: UPGRADE,
    201: {LOCATION},
    206: {("Content-Range", "must", None), *AS_THE_200},
    226: {("ETag", "must", None)},
    300: {LOCATION},
    301: {LOCATION},
    302: {LOCATION},
    303: {LOCATION},
    304: AS_THE_200,
    307: {LOCATION},
    308: {LOCATION},
    401: {("WWW-Authenticate", "must", None)},
    405: {("Allow", "must", None)},
    407: {("Proxy-Authenticate", "must", None)},
    413: {("Retry-After", "may", None)},
    415: {("Accept", "may", None), ("Accept-Encoding", "may", None), ("Accept-Patch", "may", None)},
    416: {("Content-Range", "should", None)},
    426: UPGRADE,
    428: {NO_STORE},
    429: {NO_STORE, ("Retry-After", "may", None)},
    431: {NO_STORE},
    451: {("Link", "should", None)},
    503: {("Retry-After", "may", None)},
    511: {NO_STORE},
}

# The statuses that are mistaken for each other, from RFC 9110 and from practice.
CONFUSED = [
    (200, 204),
    (201, 202),
    (204, 205),
    (206, 416),
    (301, 302),
    (301, 308),
    (302, 303),
    (302, 307),
    (303, 302),
    (303, 307),
    (304, 412),
    (307, 302),
    (307, 303),
    (307, 308),
    (308, 301),
    (308, 307),
    (400, 422),
    (401, 403),
    (403, 401),
    (403, 404),
    (404, 410),
    (405, 501),
    (406, 415),
    (407, 401),
    (408, 504),
    (409, 412),
    (409, 422),
    (410, 404),
    (412, 409),
    (412, 428),
    (413, 414),
    (413, 431),
    (415, 406),
    (415, 400),
    (422, 400),
    (422, 409),
    (423, 409),
    (428, 412),
    (429, 503),
    (451, 403),
    (500, 502),
    (500, 503),
    (500, 504),
    (501, 405),
    (502, 503),
    (502, 504),
    (503, 429),
    (503, 502),
    (503, 504),
    (504, 408),
    (504, 502),
    (504, 503),
    (511, 401),
]

# The phrases that http.HTTPStatus had before Python 3.13, and the one it still has.
OUTDATED_HTTPSTATUS = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a Teapot",
    422: "Unprocessable Entity",
}

OUTDATED_WERKZEUG = {
    203: "Non Authoritative Information",
    207: "Multi Status",
    306: "Switch Proxy",
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
    511: "Network Authentication Failed",
}

every_row = pytest.mark.parametrize("row", STATUSES.values(), ids=[str(code) for code in STATUSES])


def codes(**attributes: Any) -> set[int]:
    """The codes of the rows with these attributes."""
    return {
        code
        for code, row in STATUSES.items()
        if all(getattr(row, name) == value for name, value in attributes.items())
    }


def test_codes_and_phrases_are_exactly_the_registry() -> None:
    assert {code: row.phrase for code, row in STATUSES.items()} == REGISTRY


def test_codes_are_unique_and_ascending() -> None:
    # The rows themselves: in STATUSES a second row for a code would replace the first unseen.
    written = [row.code for row in statuses._ROWS]
    assert written == sorted(set(written))
    assert list(STATUSES) == written


def test_every_row_is_found_under_its_own_code() -> None:
    assert all(row.code == code for code, row in STATUSES.items())


def test_the_map_in_the_module_docstring_shows_every_code() -> None:
    shown: set[int] = set()
    for line in re.findall(r"(?m)^    [├└]── \dxx +([\d -]+?)  ", statuses.__doc__ or ""):
        for part in line.split():
            first, _, last = part.partition("-")
            shown.update(range(int(first), int(last or first) + 1))
    assert shown == set(REGISTRY)


def test_the_table_is_read_only() -> None:
    table: Any = STATUSES
    with pytest.raises(TypeError):
        table[200] = STATUSES[404]
    with pytest.raises(TypeError):
        del table[200]


@every_row
def test_a_row_and_its_duties_are_frozen_and_hashable(row: Status) -> None:
    values: tuple[Status | Duty, ...] = (row, *row.duties)
    for value in values:
        hash(value)
        for field in dataclasses.fields(value):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(value, field.name, None)


@every_row
@pytest.mark.parametrize("attribute", ["sentence", "use_when"])
def test_a_text_is_one_sentence(row: Status, attribute: str) -> None:
    text: str = getattr(row, attribute)
    assert text[0].isupper()
    assert text.endswith(".")
    assert text == " ".join(text.split())
    # A full stop inside is only one between digits, as in "HTTP/1.1".
    assert not re.search(r"[.!?](?!\d)", text[:-1]), "more than one sentence"


@pytest.mark.parametrize("attribute", ["sentence", "use_when"])
def test_no_two_rows_share_a_text(attribute: str) -> None:
    texts = [getattr(row, attribute) for row in STATUSES.values()]
    assert sorted(texts) == sorted(set(texts))


@every_row
def test_use_when_opens_with_the_advice(row: Status) -> None:
    assert re.match(
        r"Use it when |Leave it to the (server|network): |Do not use it: ", row.use_when
    )


def test_interim_and_withdrawn_statuses_are_not_recommended() -> None:
    discouraged = {c for c, row in STATUSES.items() if not row.use_when.startswith("Use it when")}
    assert discouraged == {100, 101, 102, 103, 104, 305, 306, 418, 505, 510, 511}


@every_row
def test_use_when_points_only_to_other_registered_statuses(row: Status) -> None:
    # "100-continue" and the numbers of RFCs are not statuses.
    named = {int(n) for n in re.findall(r"(?<![\d-])\b[1-5]\d\d\b(?!-)", row.use_when)}
    assert named <= set(REGISTRY)


@pytest.mark.parametrize(("code", "other"), CONFUSED)
def test_use_when_tells_a_status_from_one_it_is_confused_with(code: int, other: int) -> None:
    assert other in STATUSES[code].confused_with


#: Where one of these is the question, each of the others has to be among the answers.
CONFUSED_BOTH_WAYS = [
    (301, 308),
    (302, 303, 307),
    (400, 422),
    (401, 403),
    (404, 410),
    (409, 412),
    (502, 503, 504),
]


@pytest.mark.parametrize("group", CONFUSED_BOTH_WAYS, ids=str)
def test_statuses_are_told_from_each_other_both_ways_round(group: tuple[int, ...]) -> None:
    for code in group:
        assert set(group) - {code} <= set(STATUSES[code].confused_with)


@every_row
def test_a_status_is_confused_with_others_that_exist_once_each(row: Status) -> None:
    others = row.confused_with
    assert set(others) <= set(REGISTRY) - {row.code}
    assert len(others) == len(set(others))


@pytest.mark.parametrize(
    ("code", "others"),
    [
        (100, ()),  # "Expect: 100-continue"
        (203, (200,)),  # named twice
        (401, (403,)),
        (402, (403,)),  # "RFC 9110"
        (407, (401,)),  # named beside itself
        (412, (409, 428)),
        (426, (400,)),
        (500, (502, 503, 504)),
        (503, (429, 502, 504)),
    ],
)
def test_those_it_is_confused_with_stand_in_the_order_of_the_text(
    code: int, others: tuple[int, ...]
) -> None:
    assert STATUSES[code].confused_with == others


@every_row
def test_a_sentence_for_clients_names_nothing_internal(row: Status) -> None:
    internal = r"server|gateway|upstream|backend|database|application|python|flask|wsgi|exception"
    assert not re.search(internal, row.sentence, re.IGNORECASE)
    assert "RFC" not in row.sentence


def test_sections_are_where_the_standards_define_the_statuses() -> None:
    expected = {
        code: f"RFC 9110 §{section}.{number}"
        for section, listed in RFC_9110_SECTIONS.items()
        for number, code in enumerate(listed, start=1)
    }
    assert {code: row.section for code, row in STATUSES.items()} == expected | OTHER_SECTIONS


@every_row
def test_duties_are_those_of_the_standards(row: Status) -> None:
    owed = [(duty.header, duty.level, duty.value) for duty in row.duties]
    assert len(owed) == len(set(owed))
    assert set(owed) == DUTIES.get(row.code, set())


@every_row
def test_duties_cite_a_section_and_come_the_most_binding_first(row: Status) -> None:
    assert all(re.fullmatch(r"RFC \d{4} §\d+(\.\d+)*", duty.section) for duty in row.duties)
    ranks = [("must", "should", "may").index(duty.level) for duty in row.duties]
    assert ranks == sorted(ranks)


def test_content_is_forbidden_exactly_for_1xx_204_205_and_304() -> None:
    assert codes(body=False) == {100, 101, 102, 103, 104, 204, 205, 304}


def test_the_same_request_may_be_repeated_after_these() -> None:
    assert codes(retry=True) == {408, 421, 423, 425, 429, 502, 503, 504, 507}


def test_a_status_that_may_carry_retry_after_is_temporary_or_says_so_with_it() -> None:
    carriers = {
        c for c, row in STATUSES.items() if any(d.header == "Retry-After" for d in row.duties)
    }
    # 413 is temporary only if it carries the field (RFC 9110 §15.5.14).
    assert carriers - codes(retry=True) == {413}


def test_heuristically_cacheable_statuses_are_those_of_rfc_9110_and_rfc_7725() -> None:
    rfc_9110 = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}
    assert codes(cacheable=True) == rfc_9110 | {451}


def test_no_status_that_must_not_be_stored_is_cacheable() -> None:
    no_store = {c for c, row in STATUSES.items() if any(d.value == "no-store" for d in row.duties)}
    assert no_store == {428, 429, 431, 511}
    assert not no_store & codes(cacheable=True)


def test_hop_by_hop_duties_are_those_that_wsgi_forbids() -> None:
    duties = [duty for row in STATUSES.values() for duty in row.duties]
    assert {duty.header for duty in duties if duty.hop_by_hop} == {
        "Connection",
        "Upgrade",
        "Proxy-Authenticate",
    }
    assert all(duty.hop_by_hop == is_hop_by_hop(duty.header) for duty in duties)


@pytest.mark.parametrize("header", ["Upgrade", "upgrade", "UPGRADE"])
def test_hop_by_hop_ignores_case(header: str) -> None:
    assert Duty(header, "must", "RFC 9110 §7.8").hop_by_hop


def test_only_101_407_and_426_must_carry_what_wsgi_forbids() -> None:
    unkeepable = {
        code
        for code, row in STATUSES.items()
        if any(duty.hop_by_hop and duty.level == "must" for duty in row.duties)
    }
    assert unkeepable == {101, 407, 426}


def test_http_status_knows_no_code_that_we_do_not() -> None:
    assert {int(status) for status in HTTPStatus} - set(STATUSES) == set()


def test_http_status_lacks_only_the_temporary_and_an_unused_code() -> None:
    # A later Python may add them.
    assert set(STATUSES) - {int(status) for status in HTTPStatus} <= {104, 306}


def test_http_status_differs_only_in_its_outdated_phrases() -> None:
    different = {s.value: s.phrase for s in HTTPStatus if s.phrase != STATUSES[s].phrase}
    assert different.items() <= OUTDATED_HTTPSTATUS.items()
    if sys.version_info < (3, 13):
        assert different == OUTDATED_HTTPSTATUS


def test_werkzeug_knows_449_and_lacks_104() -> None:
    # 449 "Retry With" is Microsoft's and not registered.
    assert set(HTTP_STATUS_CODES) ^ set(STATUSES) == {104, 449}


def test_werkzeug_differs_only_in_its_outdated_phrases() -> None:
    different = {
        code: phrase
        for code, phrase in HTTP_STATUS_CODES.items()
        if code in STATUSES and phrase != STATUSES[code].phrase
    }
    assert different == OUTDATED_WERKZEUG


def test_the_module_imports_only_the_standard_library() -> None:
    # The module's own imports: importing it runs the package's __init__, which imports Flask.
    assert statuses.__file__ is not None
    imported: set[str] = set()
    for node in ast.walk(ast.parse(Path(statuses.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            imported.add(node.module or "")
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
