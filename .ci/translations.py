"""Bring the catalogues of translations up to date with the code: make translations.

flask_statuskit.pot, for new languages, gets every sentence that clients read; each .po keeps its
translations, gets the new sentences and loses those that are gone; each .mo is compiled anew. What
is still to be translated is listed. Languages named as arguments are begun.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from flask_statuskit.languages import DIRECTORY, DOMAIN
from flask_statuskit.statuses import STATUSES

PACKAGE = DIRECTORY.parent
TEMPLATE = DIRECTORY / f"{DOMAIN}.pot"
HEADER = "# The sentences of flask-statuskit that clients read. Updated by: make translations\n#"


def sentences() -> Catalog:
    """Every sentence of the package that clients read, with the files that say it."""
    found = Catalog(domain=DOMAIN, project="flask-statuskit", header_comment=HEADER, fuzzy=False)
    for row in STATUSES.values():
        for said in (row.phrase, row.sentence) if row.code >= 400 else ():
            found.add(said, locations=[("statuses.py", row.code)])
    for pattern, method, marker in (("*.py", "python", "Sentence"), ("*.html", "jinja2", "say")):
        for path in sorted(PACKAGE.rglob(pattern)):
            name = path.relative_to(PACKAGE).as_posix()
            # Not silent: of a template with a mistake, nothing would be found.
            calls = extract_from_file(method, path, {marker: None}, options={"silent": "no"})
            for line, said, *_ in calls:
                found.add(said, locations=[(name, line)])
    return found


def as_po(catalogue: Catalog) -> bytes:
    """The catalogue as a file that depends on its sentences alone, not on the day."""
    written = io.BytesIO()
    write_po(written, catalogue, width=100, include_lineno=False)
    kept = (b'"Content-', b'"Language: ', b'"MIME-', b'"Plural-', b'"Project-')
    head, _, rest = written.getvalue().partition(b"\n\n")
    lines = [n for n in head.split(b"\n") if not n.startswith(b'"') or n.startswith(kept)]
    return b"\n".join(lines) + b"\n\n" + rest.rstrip(b"\n") + b"\n"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=DOMAIN)


def translations(catalogue: Catalog) -> dict[str, str]:
    return {m.id: m.string for m in catalogue if m.id and m.string and not m.fuzzy}


def compile_catalogue(path: Path) -> None:
    """Write the .mo beside a .po, if it does not say the same already."""
    compiled, catalogue = path.with_suffix(".mo"), read(path)
    if compiled.exists():
        with compiled.open("rb") as file:
            if translations(read_mo(file)) == translations(catalogue):
                return
    with compiled.open("wb") as file:
        write_mo(file, catalogue)


def main(begun: list[str]) -> int:
    known = sentences()
    DIRECTORY.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(as_po(known))
    for locale in begun:
        path = DIRECTORY / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(as_po(Catalog(locale, DOMAIN, HEADER, fuzzy=False)))
    missing = 0
    for path in sorted(DIRECTORY.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        catalogue = read(path)
        catalogue.update(known, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        path.write_bytes(as_po(catalogue))
        compile_catalogue(path)
        for message in catalogue:
            if message.id and not message.string:
                print(f"{path.relative_to(DIRECTORY)}: to be translated: {message.id}")
                missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
