"""Serve the example: ``python -m example_app``, and ``PORT=9000 python -m example_app``."""

import os

from werkzeug.serving import run_simple

from . import create_app

TRY = """\
A tour of all that can happen, for your browser:

  {url}/

Five requests to try:

  curl -i {url}/users/999
  curl -i {url}/me
  curl -i {url}/login
  curl -i {url}/users -H 'Content-Type: application/json' -d '{{"email": "ann'
  curl -i {url}/login -H 'Content-Type: application/json' \\
       -d '{{"email": "ann@example.com", "password": "ann-secret"}}'
"""


def main() -> None:
    """Print what to try, then serve. There is no debugger, whatever the environment."""
    port = int(os.environ.get("PORT", "8000"))
    app = create_app()
    print(TRY.format(url=f"http://127.0.0.1:{port}"), flush=True)
    run_simple("127.0.0.1", port, app, threaded=True)


if __name__ == "__main__":
    main()
