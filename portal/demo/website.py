"""The company's website: another origin, that embeds the portal with one tag."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, abort, render_template, request, url_for
from werkzeug import Response as AnyResponse
from werkzeug.utils import redirect

from portal.demo.words import LANGUAGES, Words, preferred

PAGES = {"home": "", "workshops": "workshops", "service": "klantenservice"}
"""Template → the last part of its address."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What the website knows of the portal."""

    portal_url: str
    site: str
    subscriber: str
    """The address of whom the demo is about; told in the strip above the site."""

    @property
    def script(self) -> str:
        """The address of the loader."""
        return f"{self.portal_url}/embed/v1/portal.js"

    @property
    def mailbox(self) -> str:
        """The address of the page with the caught mail."""
        return f"{self.portal_url}/demo/mail"


def create_website(embedding: Embedding) -> Flask:
    """The website as a WSGI application of its own, which shares nothing with the portal."""
    app = Flask(
        __name__,
        template_folder="website_templates",
        static_folder="website_static",
        static_url_path="/assets",
    )
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(embedding.portal_url))
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"script-src {origin}; frame-src {origin}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.get("/")
    def start() -> AnyResponse:
        return redirect(url_for("page", language=preferred(request)))

    @app.get("/<language>/")
    @app.get("/<language>/<name>")
    def page(language: str, name: str = "") -> str:
        template = next((known for known, path in PAGES.items() if path == name), None)
        if language not in LANGUAGES or template is None:
            abort(404)
        return render_template(
            f"site/{template}.html",
            t=Words(language),
            other=next(other for other in LANGUAGES if other != language),
            address=name or None,
            here=template,
            pages=PAGES,
            embedding=embedding,
        )

    return app
