"""The tour of the example app in a browser: every button is pressed, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browser_support import (
    SCHEMES,
    SIZES,
    Window,
    assert_fits,
    assert_reads_well,
    screenshot,
    serving,
    window,
)
from example_app_support import only_its_types
from werkzeug.security import generate_password_hash

from example_app import create_app, seed, stage, users
from example_app.config import Production
from example_app.database import engine_of
from example_app.situations import BY_NAME, GROUPS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator


def hashed_quickly(password: str) -> str:
    return generate_password_hash(password, "pbkdf2:sha256:1")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("tour") / "bookings.sqlite3"
    settings = {"DATABASE_URL": f"sqlite:///{database}", "RATELIMIT_STORAGE_URI": "memory://"}
    with pytest.MonkeyPatch.context() as patch:
        for module in (seed, users):
            patch.setattr(module, "generate_password_hash", hashed_quickly)
        stage.first_data.cache_clear()
        app = create_app(type("Config", (Production,), settings))
        with only_its_types(), serving(app) as address:
            yield address
        engine_of(app).dispose()
    stage.first_data.cache_clear()


@pytest.fixture
def desktop(browser: Browser, address: str) -> Iterator[Window]:
    with window(browser, address) as opened:
        opened.open("/")
        yield opened


def button(opened: Window, name: str) -> Locator:
    return opened.page.locator(f'button[formaction="/tour/{name}"]')


def answer_of(opened: Window, name: str) -> Locator:
    """What is shown once the button has had its answer."""
    title = BY_NAME[name].title
    opened.page.locator("#answer:not([aria-busy]) h2").get_by_text(title, exact=True).wait_for()
    return opened.page.locator("#answer")


def press(opened: Window, name: str) -> Locator:
    button(opened, name).click()
    return answer_of(opened, name)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_every_button_keeps_its_promise(group: object, desktop: Window) -> None:
    for situation in group.situations:  # type: ignore[attr-defined]
        answer = press(desktop, situation.name)
        status = answer.locator(".verdict strong").inner_text()
        assert status.startswith(f"{situation.status} "), situation.name
        assert answer.locator(".verdict").inner_text() == f"{status} as promised"
        assert answer.locator(".received b").inner_text() == f"HTTP/1.1 {status}"
        found = answer.locator(".findings strong").all_inner_texts()
        assert found == [situation.breaks] * bool(situation.breaks)
        assert answer.get_by_text("Nothing found.").count() == (not found)
        assert button(desktop, situation.name).locator(".kept").inner_text() == "✓ as promised"


def test_what_came_back_is_shown_whole(desktop: Window) -> None:
    shown = press(desktop, "maintenance").locator(".received").inner_text()
    head, _, body = shown.partition("\n\n")
    assert head.startswith("HTTP/1.1 503 Service Unavailable\n")
    assert "\nRetry-After: 120\n" in head + "\n"
    assert body.startswith('{\n  "type": "about:blank",\n')
    assert '\n  "detail": "The archive is moving to a new home.",\n' in body


def test_what_was_sent_is_shown_with_what_was_sent_before(desktop: Window) -> None:
    sent = press(desktop, "overtaken").locator(".sent")
    assert sent.locator("li").all_inner_texts() == [
        "POST /login → 200 OK",
        "PUT /bookings/1 → 200 OK",
        "POST /login → 200 OK",
    ]
    assert sent.locator("pre").inner_text().startswith("PUT /bookings/1\n")
    assert 'If-Match: "1"' in sent.locator("pre").inner_text()


def test_content_that_is_no_json_is_shown_as_it_is(desktop: Window) -> None:
    assert '{"average_price":NaN}' in press(desktop, "sk606").locator(".received").inner_text()


def test_a_page_is_shown_in_a_frame_that_runs_nothing(desktop: Window) -> None:
    frame = press(desktop, "german-page").locator("iframe")
    assert frame.get_attribute("sandbox") == ""
    inside = frame.content_frame.locator("h1")
    assert inside.inner_text() == "Konflikt"
    # The style sheet of the page holds there, by its hash.
    assert inside.evaluate("e => getComputedStyle(e.closest('main')).borderTopWidth") == "4px"


def test_the_type_of_a_problem_leads_to_the_catalogue(desktop: Window) -> None:
    press(desktop, "poor").get_by_role("link").click()
    assert desktop.page.url == f"{desktop.address}/problems/out-of-credit"
    assert desktop.page.locator("h1").inner_text() == "You do not have enough credit"


def test_the_catalogue_is_one_click_away(desktop: Window) -> None:
    desktop.page.get_by_role("link", name="What the errors mean").click()
    assert desktop.page.url == f"{desktop.address}/problems/"


def test_a_link_leads_to_each_group(desktop: Window) -> None:
    for group in GROUPS:
        desktop.page.get_by_role("navigation").get_by_text(group.title, exact=True).click()
        assert desktop.page.url == f"{desktop.address}/#{group.name}"


def test_who_presses_twice_sees_the_second_answer(desktop: Window) -> None:
    # The first one takes as long as the tour waits for rates.
    button(desktop, "rates-slow").click()
    answer = press(desktop, "user")
    desktop.page.wait_for_timeout(600)
    assert answer.locator(".verdict strong").inner_text() == "200 OK"


def test_a_server_that_is_gone_is_told(desktop: Window) -> None:
    desktop.page.route("**/tour/user", lambda route: route.fulfill(status=500))
    button(desktop, "user").click()
    told = desktop.page.get_by_role("region", name="That did not work")
    told.wait_for()
    assert "The server answered 500." in told.inner_text()
    assert "status of 500" in desktop.complaints[0]
    desktop.complaints.clear()


# By keyboard, and for those who do not see it


def test_the_keyboard_does_it_all(desktop: Window) -> None:
    keyboard = desktop.page.keyboard
    button(desktop, "unknown").focus()
    for key in ("Enter", "Space"):
        keyboard.press(key)
        answer = answer_of(desktop, "unknown")
        assert "404 Not Found" in answer.inner_text()
        # Who presses keeps their place, and what came of it is next.
        assert button(desktop, "unknown").evaluate("e => e === document.activeElement")
    keyboard.press("Tab")
    assert answer.evaluate("e => e === document.activeElement")
    keyboard.press("Tab")
    assert button(desktop, "nowhere").evaluate("e => e === document.activeElement")
    keyboard.press("Enter")
    assert "404 Not Found" in answer_of(desktop, "nowhere").inner_text()


def test_tabbing_goes_through_all_that_can_be_pressed_in_its_order(desktop: Window) -> None:
    links = ["What the errors mean", "What each URL answers with"]
    links += [group.title for group in GROUPS]
    reached = []
    for _ in range(len(links) + 2):
        desktop.page.keyboard.press("Tab")
        reached.append(desktop.page.evaluate("document.activeElement.textContent.trim()"))
    *first, answer, button = reached
    assert first == links
    assert answer.startswith("Press a button")
    assert re.sub(r"\s+", " ", button).startswith("200 Here it is GET /users/1")


def test_what_has_the_focus_is_seen_to_have_it(desktop: Window) -> None:
    desktop.page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert desktop.page.evaluate(outline) == "solid"


def test_an_answer_is_announced(desktop: Window) -> None:
    status = desktop.page.get_by_role("status")
    press(desktop, "unknown")
    assert status.inner_text() == "404 Not Found, as promised. The auditor has found nothing."
    press(desktop, "sk302")
    assert status.inner_text() == (
        "302 FOUND, as promised. The auditor has found SK302 a redirect without Location."
    )


def test_without_scripts_a_button_answers_in_json(browser: Browser, address: str) -> None:
    with window(browser, address, java_script_enabled=False) as opened:
        opened.open("/")
        button(opened, "unknown").click()
        opened.page.wait_for_url("**/tour/unknown")
        assert '"status":"404 Not Found"' in opened.page.content().replace('": "', '":"')


# How it looks


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
def test_the_tour_reads_well(width: int, scheme: str, browser: Browser, address: str) -> None:
    with window(browser, address, width, scheme) as opened:
        opened.open("/")
        screenshot(opened.page, "tour", width, scheme)
        for name in ("poor", "german-page", "bug-in-development", "sk500"):
            press(opened, name)
            assert_fits(opened.page)
            screenshot(opened.page, f"tour-{name}", width, scheme)
        assert_reads_well(opened.page)


def test_on_a_telephone_a_button_stays_where_it_was_pressed(browser: Browser, address: str) -> None:
    with window(browser, address, 390) as opened:
        opened.open("/")
        press(opened, "html")  # a long answer, above all that follow
        pressed = button(opened, "jsonapi")
        pressed.scroll_into_view_if_needed()
        before = pressed.bounding_box()
        pressed.evaluate("e => e.click()")
        answer = answer_of(opened, "jsonapi")
        after, below = pressed.bounding_box(), answer.bounding_box()
        assert before is not None
        assert after is not None
        assert below is not None
        assert abs(after["y"] - before["y"]) < 2
        assert 0 < below["y"] - (after["y"] + after["height"]) < 20


def test_on_a_desktop_the_answer_stands_beside_the_buttons(desktop: Window) -> None:
    answer = press(desktop, "sk610").bounding_box()
    pressed = button(desktop, "sk610").bounding_box()
    assert answer is not None
    assert pressed is not None
    assert answer["x"] > pressed["x"] + pressed["width"]
    assert 0 <= answer["y"] < 100
    assert answer["y"] + answer["height"] <= SIZES[1280]
