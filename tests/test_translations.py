"""What clients read in their own language, with Flask-Babel itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, request
from flask_babel import Babel, Domain, lazy_gettext
from support import (
    BROWSER,
    Answer,
    Foreign,
    assert_problem,
    call,
    kit_of,
    make_app,
    raising,
    view_raising,
)
from translations_support import every_locale, po, write

import flask_statuskit
from flask_statuskit import (
    STATUSES,
    Conflict,
    FieldError,
    InternalServerError,
    NotFound,
    PaymentRequired,
    ServiceUnavailable,
    StatusError,
    ValidationError,
    exceptions,
    languages,
)
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.languages import DOMAIN, ENGLISH, client_language
from flask_statuskit.plain import Sentence

PACKAGE = Path(flask_statuskit.__file__).parent


def by_accept() -> str | None:
    return request.accept_languages.best_match(["en", "de", "zh"])


def by_tag() -> str:
    """The locale that the client names, as it is, the way Babel writes it."""
    return request.headers["Accept-Language"]


def speaking(app: Flask, selector: Callable[[], Any] | None = by_tag, **options: Any) -> Flask:
    """The application with Flask-Babel."""
    Babel(app, locale_selector=selector, **options)
    return app


def ask(app: Flask, locale: str, path: str = "/", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(app, path=path, headers={"Accept-Language": locale, **named})


@pytest.fixture
def own(tmp_path: Path) -> dict[str, Any]:
    """Options of Flask-Babel for an application with a few translations of its own."""
    german = {"No such user": "Kein solcher Benutzer", "Out of credit": "Guthaben aufgebraucht"}
    write(tmp_path, "de", german, "messages")
    write(tmp_path, "fr", {"No such user": "Utilisateur inconnu"}, "messages")
    return {"default_translation_directories": str(tmp_path)}


@pytest.mark.parametrize("code", ERRORS)
@every_locale
@pytest.mark.filterwarnings("ignore:A 4(07|26) owes")
def test_every_status_is_said_in_the_language_of_the_client(locale: str, code: int) -> None:
    answer = ask(speaking(raising(ERRORS[code])), locale)
    body = assert_problem(answer, code)
    messages = {m.id: m.string for m in po(locale)}
    assert body["title"] == messages[STATUSES[code].phrase]
    assert body["detail"] == messages[STATUSES[code].sentence]
    assert answer.header("Content-Language") == locale.replace("_", "-")


@pytest.mark.parametrize(
    ("locale", "title", "tag"),
    [
        ("de", "Nicht gefunden", "de"),
        ("de_AT", "Nicht gefunden", "de-AT"),
        ("zh", "未找到", "zh"),
        ("zh_CN", "未找到", "zh-Hans-CN"),
        ("zh_Hans", "未找到", "zh-Hans"),
        ("zh_Hans_CN", "未找到", "zh-Hans-CN"),
        ("zh_SG", "未找到", "zh-Hans-SG"),
        ("zh_TW", "Not Found", None),
        ("zh_Hant", "Not Found", None),
        ("zh_HK", "Not Found", None),
        ("fr", "Not Found", None),
        ("en", "Not Found", None),
        ("en_GB", "Not Found", None),
    ],
)
def test_a_locale_gets_the_catalogue_that_suits_it(
    locale: str, title: str, tag: str | None
) -> None:
    answer = ask(speaking(raising(NotFound)), locale)
    assert answer.json["title"] == title
    assert answer.header("Content-Language") == tag


def test_a_variant_is_part_of_the_tag_and_a_modifier_is_not(tmp_path: Path) -> None:
    write(tmp_path, "ca", {"Not Found": "No trobat"})
    app = speaking(raising(NotFound), default_translation_directories=str(tmp_path))
    assert ask(app, "ca_ES_valencia").header("Content-Language") == "ca-ES-VALENCIA"
    assert ask(app, "ca_ES@valencia").header("Content-Language") == "ca-ES"


def test_browsers_choose_by_what_they_accept() -> None:
    app = speaking(raising(NotFound), by_accept, default_locale="de")
    assert ask(app, "en-US,en;q=0.5").json["title"] == "Not Found"
    assert ask(app, "de-AT,de;q=0.9,en;q=0.8").json["title"] == "Nicht gefunden"
    assert ask(app, "zh-CN,zh;q=0.9,en;q=0.8").json["title"] == "未找到"
    assert ask(app, "sv").json["title"] == "Nicht gefunden"


def test_without_a_selector_the_default_locale_is_spoken() -> None:
    answer = ask(speaking(raising(NotFound), None, default_locale="de"), "en")
    assert answer.json["title"] == "Nicht gefunden"
    assert answer.header("Content-Language") == "de"
    assert answer.header("Vary") == "Accept"


@pytest.mark.parametrize("locale", ["de", "en", "fr"])
@pytest.mark.parametrize("negotiate", [True, False])
def test_a_cache_learns_that_the_language_is_chosen(locale: str, negotiate: bool) -> None:
    app = speaking(raising(NotFound, {"STATUSKIT_NEGOTIATE": negotiate}))
    vary = "Accept, Accept-Language" if negotiate else "Accept-Language"
    assert ask(app, locale).header("Vary") == vary


def test_the_status_line_and_the_code_stay_english() -> None:
    answer = ask(speaking(raising(NotFound, {"STATUSKIT_DIALECT": "simple"})), "de")
    assert answer.status_line == "404 Not Found"
    assert answer.json["code"] == "not-found"


@pytest.mark.parametrize("setting", ["problem", "simple", "jsonapi", "xml", "text", "html"])
@every_locale
def test_every_dialect_is_translated(locale: str, setting: str) -> None:
    app = speaking(raising(NotFound, {"STATUSKIT_DIALECT": setting, "STATUSKIT_NEGOTIATE": False}))
    answer = ask(app, locale)
    body = answer.body.decode()
    if answer.header(
        "Content-Type",
    ).endswith("json"):  # type: ignore[union-attr]
        body = json.dumps(answer.json, ensure_ascii=False)
    said = {m.id: m.string for m in po(locale)}
    assert said["The requested resource was not found."] in body
    assert "resource was" not in body
    assert answer.header("Content-Language") == locale.replace("_", "-")


def test_field_errors_are_translated() -> None:
    at_least = Sentence("Has to be at least {number}.").filled(number=7)
    error = ValidationError([FieldError(at_least, pointer="#/n"), FieldError("mine", "#/m")])
    answer = ask(speaking(raising(error)), "de")
    assert answer.json["errors"] == [
        {"detail": "Muss mindestens 7 sein.", "pointer": "#/n"},
        {"detail": "mine", "pointer": "#/m"},
    ]


def test_a_translated_field_error_alone_tells_the_language(tmp_path: Path) -> None:
    write(tmp_path, "fr", {"Is required.": "Est obligatoire."})
    error = ValidationError([FieldError(Sentence("Is required."), "#/n")], "mine", title="Mine")
    app = speaking(raising(error), default_translation_directories=str(tmp_path))
    answer = ask(app, "fr")
    assert answer.json["errors"][0]["detail"] == "Est obligatoire."
    assert answer.header("Content-Language") == "fr"


def test_a_sentence_of_another_status_is_translated_too() -> None:
    app = raising(ValidationError, {"STATUSKIT_VALIDATION_STATUS": 400})
    body = ask(speaking(app), "de").json
    assert (body["title"], body["detail"][:35]) == (
        "Ungültige Anfrage",
        "Der Inhalt der Anfrage ist richtig ",
    )


def test_what_an_application_says_itself_is_left_as_it_is() -> None:
    class Example(NotFound):
        title = "Example"

    answer = ask(speaking(raising(Example("no"))), "de")
    assert (answer.json["title"], answer.json["detail"]) == ("Example", "no")
    assert answer.header("Content-Language") is None


def test_a_language_that_was_said_already_stays() -> None:
    error = NotFound("Nöd da", headers={"content-language": "gsw"})
    assert ask(speaking(raising(error)), "de").header("Content-Language") == "gsw"


# Lazy strings -------------------------------------------------------------------------------------


class OutOfCredit(PaymentRequired):
    """Its title and detail are translated by the application."""

    type = "credit-in-two-languages"
    title = lazy_gettext("Out of credit")  # type: ignore[assignment]
    detail = lazy_gettext("No such user")  # type: ignore[assignment]


def test_lazy_strings_of_a_problem_type_are_read_in_the_language_of_the_request(
    own: dict[str, Any],
) -> None:
    app = speaking(raising(OutOfCredit), **own)
    answer = ask(app, "de")
    assert answer.json["title"] == "Guthaben aufgebraucht"
    assert answer.json["detail"] == "Kein solcher Benutzer"
    assert answer.header("Content-Language") == "de"
    answer = ask(app, "en")
    assert answer.json["title"] == "Out of credit"
    assert answer.header("Content-Language") == "en"


@pytest.mark.parametrize(
    "fail",
    [
        lambda: NotFound(lazy_gettext("No such user")),
        lambda: abort(404, description=lazy_gettext("No such user")),
        lambda: abort(404, lazy_gettext("No such user")),
    ],
)
def test_a_lazy_detail_tells_the_language(fail: Callable[[], Any], own: dict[str, Any]) -> None:
    app = speaking(raising(fail), **own)
    answer = ask(app, "fr")
    assert answer.json["detail"] == "Utilisateur inconnu"
    assert answer.json["title"] == "Not Found"
    assert answer.header("Content-Language") == "fr"


@pytest.mark.parametrize("code", [404, 503, 500])
def test_a_lazy_hint_of_a_mapping_is_read_at_each_request(code: int, own: dict[str, Any]) -> None:
    app = speaking(raising(Foreign, {"PROPAGATE_EXCEPTIONS": False}), **own)
    kit_of(app).map(Foreign, code, detail=lazy_gettext("No such user"))
    for locale, detail in {"de": "Kein solcher Benutzer", "fr": "Utilisateur inconnu"}.items():
        answer = ask(app, locale)
        assert answer.json["detail"] == detail
        assert answer.header("Content-Language") == locale


@pytest.mark.parametrize(
    "errors",
    [
        lambda: {"name": [lazy_gettext("No such user")]},
        lambda: [FieldError(lazy_gettext("No such user"), pointer="#/name")],
    ],
)
def test_lazy_field_errors_are_read_in_the_language_of_the_request(
    errors: Callable[[], Any], own: dict[str, Any]
) -> None:
    answer = ask(speaking(raising(lambda: ValidationError(errors())), **own), "de")
    assert answer.json["errors"] == [{"detail": "Kein solcher Benutzer", "pointer": "#/name"}]


def test_a_lazy_field_error_tells_the_language(own: dict[str, Any]) -> None:
    error = ValidationError([FieldError(lazy_gettext("No such user"), "#/name")])
    app = speaking(raising(error), **own)
    assert ask(app, "fr").header("Content-Language") == "fr"
    assert ask(app, "de").json["errors"][0]["detail"] == "Kein solcher Benutzer"


def test_a_lazy_member_is_read_in_the_language_of_the_request(own: dict[str, Any]) -> None:
    app = speaking(raising(lambda: Conflict(reason=lazy_gettext("No such user"))), **own)
    assert ask(app, "de").json["reason"] == "Kein solcher Benutzer"


# Whose translations -------------------------------------------------------------------------------


def test_an_application_overrides_sentences_of_ours_one_by_one(tmp_path: Path) -> None:
    write(tmp_path, "de", {"Not Found": "Gibt's nicht"})
    app = speaking(raising(NotFound), default_translation_directories=f"nowhere;{tmp_path}")
    body = ask(app, "de").json
    assert body["title"] == "Gibt's nicht"
    assert body["detail"] == "Die angeforderte Ressource wurde nicht gefunden."
    assert ask(app, "de_AT").json["title"] == "Gibt's nicht"


@pytest.mark.parametrize(
    ("directory", "locale"),
    [("fr", "fr_CA"), ("zh_Hant", "zh_TW"), ("zh_TW", "zh_TW"), ("en", "en")],
)
def test_an_application_adds_languages(tmp_path: Path, directory: str, locale: str) -> None:
    write(tmp_path, directory, {"Not Found": "Pas trouvé"})
    app = speaking(raising(NotFound), default_translation_directories=str(tmp_path))
    answer = ask(app, locale)
    assert answer.json["title"] == "Pas trouvé"
    assert answer.json["detail"] == "The requested resource was not found."
    assert answer.header("Content-Language") is not None


def test_the_more_precise_catalogue_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "de", {"Not Found": "Nicht da", "Gone": "Weg"})
    write(tmp_path, "de_AT", {"Not Found": "Ned do"})
    app = speaking(raising(NotFound), default_translation_directories=str(tmp_path))
    app.add_url_rule("/gone", "gone", view_raising(exceptions.Gone))
    assert ask(app, "de_AT").json["title"] == "Ned do"
    assert ask(app, "de_AT", "/gone").json["title"] == "Weg"
    assert ask(app, "de_DE").json["title"] == "Nicht da"


# Without Flask-Babel ------------------------------------------------------------------------------


def assert_english(answer: Answer) -> None:
    assert answer.json["title"] == "Not Found"
    assert answer.json["detail"] == "The requested resource was not found."
    assert answer.header("Content-Language") is None
    assert answer.header("Vary") == "Accept"


def test_an_application_that_does_not_use_flask_babel_speaks_english() -> None:
    assert "flask_babel" in sys.modules
    assert_english(ask(raising(NotFound), "de"))


def test_without_flask_babel_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask_babel", None)  # type: ignore[arg-type]
    assert_english(ask(raising(NotFound), "de"))
    with client_language() as language:  # outside of any application
        assert language is ENGLISH


def test_neither_flask_babel_nor_babel_is_imported_for_an_application() -> None:
    program = (
        "import sys, flask, flask_statuskit as s; app = flask.Flask('shop'); s.StatusKit(app);"
        "assert app.test_client().get('/').json['title'] == 'Not Found';"
        "page = app.test_client().get('/', headers={'Accept': 'text/html'}).text;"
        "assert '<html lang=\"en\"' in page;"
        "assert not {'babel', 'flask_babel'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PACKAGE.parent, check=True)


def test_outside_of_a_request_it_is_english(log: Any, own: dict[str, Any]) -> None:
    title = lazy_gettext("Out of credit")
    with client_language() as language:
        assert (language, str(title)) == (ENGLISH, "Out of credit")
    with speaking(make_app(), **own).app_context(), client_language() as language:
        # Where the selector has no request to look at, as in a command.
        assert (language, str(title)) == (ENGLISH, "Out of credit")
    assert log.ours == []


def test_a_problem_type_with_lazy_strings_is_defined_outside_of_a_request() -> None:
    with speaking(make_app()).app_context():

        class SoldOut(Conflict):
            title = lazy_gettext("Out of credit")  # type: ignore[assignment]
            detail = lazy_gettext("No such user")  # type: ignore[assignment]

        kit_of(make_app()).map(Foreign, SoldOut, detail=lazy_gettext("No such user"))
    assert SoldOut.type == "sold-out"


# The page -----------------------------------------------------------------------------------------


def lang(answer: Answer) -> str:
    [tag] = re.findall(r'<html lang="([^"]*)"', answer.body.decode())
    return str(tag)


@every_locale
def test_the_page_is_in_the_language_of_the_client(locale: str) -> None:
    answer = ask(speaking(raising(NotFound)), locale, **BROWSER)
    assert lang(answer) == locale.replace("_", "-") == answer.header("Content-Language")
    said = {m.id: m.string for m in po(locale)}
    for sentence in (
        "Not Found",
        "The requested resource was not found.",
        "Check the address, or go back to where you came from.",
        "If you ask for help, quote this:",
    ):
        assert said[sentence] in answer.body.decode()
        assert sentence not in answer.body.decode()


@pytest.mark.parametrize("locale", ["en", "en_GB", "fr", "zh_TW"])
def test_the_page_claims_no_language_that_it_is_not_in(locale: str) -> None:
    answer = ask(speaking(raising(NotFound)), locale, **BROWSER)
    assert lang(answer) == "en"
    assert b"Not Found" in answer.body


def test_templates_of_the_application_have_their_own_translations(
    tmp_path: Path, own: dict[str, Any]
) -> None:
    (tmp_path / "statuskit").mkdir()
    template = '{{ _("No such user") }}, {{ say("Not Found") }}, {{ advice }} [{{ language }}]'
    (tmp_path / "statuskit" / "404.html").write_text(template)
    app = speaking(raising(NotFound), **own)
    app.jinja_loader.searchpath.append(str(tmp_path))  # type: ignore[union-attr]
    assert ask(app, "de", **BROWSER).body.decode() == (
        "Kein solcher Benutzer, Nicht gefunden,"
        " Prüfen Sie die Adresse oder gehen Sie zurück zur vorigen Seite. [de]\n"
    )


# The catalogue of problem types -------------------------------------------------------------------


def catalogued(**options: Any) -> Flask:
    return speaking(make_app({"STATUSKIT_CATALOG_URL": "/problems"}), **options)


@every_locale
def test_the_catalogue_is_in_the_language_of_the_client(locale: str) -> None:
    said = {m.id: m.string for m in po(locale)}
    for path, shown in {"/problems/": "Problem types", "/problems/404": "Not Found"}.items():
        answer = ask(catalogued(), locale, path, **BROWSER)
        assert answer.status == 200
        assert lang(answer) == locale.replace("_", "-") == answer.header("Content-Language")
        assert answer.header("Vary") == "Accept, Accept-Language"
        body = answer.body.decode()
        for sentence in (shown, "The requested resource was not found."):
            assert said[sentence] in body
            assert sentence not in body


@every_locale
def test_the_catalogue_for_programs_is_too(locale: str) -> None:
    said = {m.id: m.string for m in po(locale)}
    answer = ask(catalogued(), locale, "/problems/404")
    assert answer.header("Content-Language") == locale.replace("_", "-")
    assert answer.json["title"] == answer.json["example"]["title"] == said["Not Found"]
    sentence = said["The requested resource was not found."]
    assert answer.json["description"] == answer.json["example"]["detail"] == sentence


def test_the_catalogue_is_english_otherwise() -> None:
    answer = ask(catalogued(), "fr", "/problems/404")
    assert answer.json["title"] == "Not Found"
    assert answer.header("Content-Language") is None
    assert lang(ask(catalogued(), "fr", "/problems/404", **BROWSER)) == "en"


def test_each_language_of_the_catalogue_has_an_etag_of_its_own() -> None:
    app = catalogued()
    german, english = (ask(app, locale, "/problems/").header("ETag") for locale in ("de", "en"))
    assert german != english
    assert ask(app, "en", "/problems/", If_None_Match=german or "").status == 200
    assert ask(app, "de", "/problems/", If_None_Match=german or "").status == 304


def test_lazy_strings_stand_in_the_catalogue(own: dict[str, Any]) -> None:
    answer = ask(catalogued(**own), "de", "/problems/credit-in-two-languages")
    assert answer.json["title"] == answer.json["example"]["title"] == "Guthaben aufgebraucht"


# What stays hidden, what is logged, who is told ---------------------------------------------------


def test_a_hidden_reason_is_replaced_in_the_language_of_the_client(own: dict[str, Any]) -> None:
    app = speaking(raising(lambda: InternalServerError(lazy_gettext("No such user"))), **own)
    body = ask(app, "de").json
    assert body["title"] == "Interner Serverfehler"
    assert body["detail"].startswith("Ein unerwarteter Fehler")
    # Nothing of what is left is French.
    assert ask(app, "fr").header("Content-Language") is None


def test_a_bug_is_told_in_the_language_of_the_client() -> None:
    app = speaking(raising(ZeroDivisionError, {"PROPAGATE_EXCEPTIONS": False}))
    assert ask(app, "zh_CN").json["title"] == "服务器内部错误"


@pytest.mark.parametrize("locale", ["en", "de", "zh_CN", "fr"])
def test_the_log_does_not_depend_on_the_language_of_the_client(
    locale: str, log: Any, own: dict[str, Any]
) -> None:
    app = speaking(raising(NotFound("x", title="Sold out")), **own)
    app.add_url_rule("/plain", "plain", view_raising(NotFound))
    app.add_url_rule("/lazy", "lazy", view_raising(OutOfCredit))
    for path in ("/", "/plain", "/lazy"):
        ask(app, locale, path)
    assert [record.getMessage().partition(" [")[0] for record in log.problems] == [
        "GET /: 404 Sold out",
        "GET /plain: 404 Not Found",
        "GET /lazy: 402 Payment Required",
    ]


def test_receivers_of_the_signal_get_what_the_client_reads(
    announced: list[dict[str, Any]], own: dict[str, Any]
) -> None:
    error = ValidationError([FieldError(lazy_gettext("No such user"), "#/name")])
    answer = ask(speaking(raising(error), **own), "de")
    [told] = announced
    assert told["problem"].title == answer.json["title"] == "Inhalt nicht verarbeitbar"
    assert told["problem"].detail == answer.json["detail"]
    assert told["problem"].members["errors"][0].detail == "Kein solcher Benutzer"
    assert ("Content-Language", "de") in told["problem"].headers


def test_clients_at_the_same_time_read_each_their_own_language(own: dict[str, Any]) -> None:
    app = speaking(raising(OutOfCredit), **own)
    app.add_url_rule("/missing", "missing", view_raising(NotFound))
    expected = {
        "de": ("Guthaben aufgebraucht", "Nicht gefunden"),
        "zh_CN": ("Out of credit", "未找到"),
        "en": ("Out of credit", "Not Found"),
    }
    read: dict[str, set[tuple[str, str]]] = {locale: set() for locale in expected}
    start = threading.Barrier(len(expected) * 2)

    def client(locale: str) -> None:
        start.wait()
        for _ in range(50):
            titles = (ask(app, locale, path).json["title"] for path in ("/", "/missing"))
            read[locale].add(tuple(titles))  # type: ignore[arg-type]

    threads = [threading.Thread(target=client, args=(locale,)) for locale in [*expected] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == {locale: {titles} for locale, titles in expected.items()}


def test_an_error_within_another_request_is_in_its_own_language() -> None:
    app = speaking(make_app())
    inner: list[Answer] = []

    @app.get("/")
    def index() -> str:
        inner.append(ask(other, "zh_CN"))
        raise NotFound

    other = speaking(raising(NotFound))
    assert ask(app, "de").json["title"] == "Nicht gefunden"
    assert inner[0].json["title"] == "未找到"


# What fails ---------------------------------------------------------------------------------------


def out_of_order() -> str:
    raise ConnectionError("no database")


@pytest.mark.parametrize(
    "selector", [out_of_order, lambda: "zh-CN", lambda: "xx_YY", lambda: 7, lambda: abort(401)]
)
@pytest.mark.parametrize("error", [NotFound, OutOfCredit, ServiceUnavailable])
def test_a_selector_that_fails_leaves_english(
    selector: Callable[[], Any], error: type[StatusError], log: Any, own: dict[str, Any]
) -> None:
    answer = ask(speaking(raising(error), selector, **own), "de")
    body = assert_problem(answer, error.code or 0)
    assert body["title"] == (
        "Out of credit" if error is OutOfCredit else STATUSES[error.code or 0].phrase
    )
    [record] = [record for record in log.ours if not hasattr(record, "request_id")]
    assert record.getMessage() == "The client's language cannot be spoken, so this is English."
    assert record.exc_info is not None


@pytest.mark.parametrize("path", ["/", "/lazy", "/problems/", "/problems/credit-in-two-languages"])
def test_a_selector_that_fails_leaves_pages(path: str, own: dict[str, Any]) -> None:
    app = catalogued(selector=out_of_order, **own)
    app.add_url_rule("/lazy", "lazy", view_raising(lambda: abort(404, lazy_gettext("Nope"))))
    answer = ask(app, "de", path, **BROWSER)
    assert answer.status == (200 if path.startswith("/problems") else 404)
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert lang(answer) == "en"


@pytest.mark.parametrize("error", [NotFound, OutOfCredit])
def test_a_broken_catalogue_of_the_application_leaves_english(
    error: type[StatusError], log: Any, tmp_path: Path
) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no catalogue")
    app = speaking(raising(error), default_translation_directories=str(tmp_path))
    body = assert_problem(ask(app, "de"), error.code or 0)
    assert body["title"] == ("Out of credit" if error is OutOfCredit else "Not Found")
    assert "English" in log.ours[0].getMessage()


def test_a_broken_catalogue_of_ours_is_passed_over_and_logged_once(
    log: Any, tmp_path: Path
) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no catalogue")
    app = speaking(raising(NotFound), default_translation_directories=str(tmp_path))
    for _ in range(2):
        assert ask(app, "de").json["title"] == "Nicht gefunden"
    [record] = [record for record in log.ours if not hasattr(record, "request_id")]
    assert str(path) in record.getMessage()


@pytest.mark.parametrize("broken", ["Mindestens {nummer}.", "Mindestens {", "{number.x}", "{0}"])
def test_a_translation_that_has_no_place_for_the_value_leaves_english(
    broken: str, log: Any, tmp_path: Path
) -> None:
    write(tmp_path, "de", {"Has to be at least {number}.": broken})
    detail = Sentence("Has to be at least {number}.", number=7)
    app = speaking(raising(Conflict(detail)), default_translation_directories=str(tmp_path))
    body = assert_problem(ask(app, "de"), 409)
    assert (body["title"], body["detail"]) == ("Konflikt", "Has to be at least 7.")
    assert "is broken" in log.ours[0].getMessage()


def test_nothing_is_not_translated_to_the_header_of_a_catalogue() -> None:
    app = speaking(make_app())
    with app.test_request_context(headers={"Accept-Language": "de"}), client_language() as german:
        assert german.say("") == ""
        assert german.say("yes, we can") == "yes, we can"


def test_no_more_catalogues_are_kept_than_somebody_may_ask_for() -> None:
    assert languages._catalogue.cache_info().maxsize == 64


# Libraries ----------------------------------------------------------------------------------------


def test_broken_json_is_located_in_german() -> None:
    app = speaking(raising(lambda: request.get_json()))
    headers = {"Content-Type": "application/json", "Accept-Language": "de"}
    answer = call(app, "POST", headers=headers, body=b'{"a" 1}')
    assert answer.json["detail"] == (
        "Der Body ist kein gültiges JSON: Trennzeichen ':' erwartet, Zeile 1, Spalte 6."
    )


def test_a_record_that_exists_is_reported_in_chinese() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")

    engine = sqlalchemy.create_engine("sqlite://")

    def insert_twice() -> None:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE t (id INTEGER PRIMARY KEY)"))
            for _ in range(2):
                connection.execute(sqlalchemy.text("INSERT INTO t VALUES (1)"))

    answer = ask(speaking(raising(insert_twice, integrations=["sqlalchemy"])), "zh_CN")
    engine.dispose()
    body = assert_problem(answer, 409)
    assert body["detail"] == body["errors"][0]["detail"] == "已存在具有该值的记录。"


def test_a_missing_token_is_asked_for_in_german() -> None:
    jwt = pytest.importorskip("flask_jwt_extended")
    app = speaking(make_app({"JWT_SECRET_KEY": "x" * 32}))
    jwt.JWTManager(app)
    app.add_url_rule("/", "index", jwt.jwt_required()(lambda: ""))
    body = assert_problem(ask(app, "de"), 401)
    assert body["title"] == "Anmeldung erforderlich"
    assert body["detail"].startswith("Dafür ist ein Token erforderlich.")


def test_what_replaces_a_message_of_pydantic_is_translated() -> None:
    pydantic = pytest.importorskip("pydantic")

    def validate() -> None:
        from uuid import UUID

        pydantic.TypeAdapter(dict[str, UUID]).validate_python({"id": "secret"})

    app = speaking(raising(validate, integrations=["pydantic"]))
    answer = ask(app, "de")
    assert answer.json["errors"][0]["detail"] == "Eingabe muss eine gültige UUID sein"


def test_a_domain_of_the_application_does_not_change_ours(tmp_path: Path) -> None:
    write(tmp_path, "de", {"Not Found": "Falsch"}, "messages")
    options = {"default_domain": "shop", "default_translation_directories": str(tmp_path)}
    app = speaking(raising(NotFound), **options)

    @app.before_request
    def choose_domain() -> None:
        Domain(str(tmp_path)).as_default()

    assert ask(app, "de").json["title"] == "Nicht gefunden"
