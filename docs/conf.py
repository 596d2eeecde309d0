"""Sphinx configuration. The pages are Markdown (MyST)."""

from importlib.metadata import version as version_of

project = "flask-statuskit"
author = "the flask-statuskit authors"
project_copyright = f"2026 {author}"
release = version = version_of("flask-statuskit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
# Lets one page link to a heading of another (`config.md#types`), as on the code host.
myst_heading_anchors = 3

# Docstrings write `name` as Markdown does; without a role of its own that would be italics.
default_role = "code"
autodoc_member_order = "bysource"
# For flask_statuskit.testing; who builds the documentation need not have it.
autodoc_mock_imports = ["pytest"]
# Many of our classes have a base of the same name in Werkzeug: say whose it is.
autodoc_typehints_format = "fully-qualified"
# An `Attributes:` section beside the annotated fields would document each of them twice.
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"{project} {release}"


def shorten_signature(app, what, name, obj, options, signature, returns):
    """One signature for all exception classes, at StatusError; they are many and inherit it."""
    if what == "exception" and signature and "__init__" not in vars(obj):
        return "(...)", None
    return None


def setup(app):
    app.connect("autodoc-process-signature", shorten_signature)
