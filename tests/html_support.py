"""How the tests read pages: as strictly as HTML has it, and as a browser sees them."""

from __future__ import annotations

import base64
import hashlib
import re
from xml.etree.ElementTree import Element

import html5lib
from support import Answer

#: Whatever loads, runs or sends something.
ACTIVE = {
    *("script", "link", "base", "img", "picture", "svg", "math", "iframe", "object", "embed"),
    *("video", "audio", "source", "form", "input", "button", "template"),
}


def read_page(answer: Answer) -> Element:
    """The tree of a page, checked for what all of our pages promise."""
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    # The parser of the HTML standard; it raises where a browser would have to guess.
    tree: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        answer.body, transport_encoding="utf-8"
    )
    assert_needs_nothing_else(tree)
    assert tree.get("lang")
    for name in ("title", "h1", "main", "footer"):
        assert len(all_of(tree, name)) == 1, f"<{name}> is to stand there once"
    assert text_of(tree, "title").strip()
    assert text_of(tree, "h1").strip()
    return tree


def assert_needs_nothing_else(tree: Element) -> None:
    used = {str(element.tag) for element in tree.iter()}
    assert not used & ACTIVE, "this would load, run or send something"
    for element in tree.iter():
        for name in element.keys():  # noqa: SIM118 - an element is no mapping
            assert not name.startswith("on"), f"<{element.tag} {name}>"
            assert name not in ("style", "src", "srcset", "background", "ping"), name
            assert name != "href" or element.tag == "a"
    [style] = all_of(tree, "style")
    assert "url(" not in (style.text or "")
    assert "@import" not in (style.text or "")
    [policy] = [e for e in all_of(tree, "meta") if e.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    assert policy.get("http-equiv") == "Content-Security-Policy"
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy.get("content", "")


def all_of(tree: Element, name: str) -> list[Element]:
    return list(tree.iter(name))


def text_of(tree: Element, name: str = "body") -> str:
    """What can be read in the elements of a name, in one line for each."""
    return "\n".join(
        re.sub(r"\s+", " ", "".join(element.itertext())).strip() for element in all_of(tree, name)
    )


def links_of(tree: Element) -> dict[str, str]:
    """The links of a page: what can be read on them, and where they lead."""
    return {"".join(a.itertext()): a.get("href", "") for a in all_of(tree, "a")}
