"""The pages of the demo that hang in the portal's own address: the mailbox and the CRM's rows."""

import re
from collections.abc import Iterator
from datetime import datetime

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup, escape
from werkzeug import Response as WerkzeugResponse

from portal.demo.mailbox import CaughtMail, Mailbox
from portal.demo.newsletter import Newsletter, Sending
from portal.demo.rows import CrmRows
from portal.demo.words import Words, preferred

POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Mail brings its own style, which a mail program shows; nothing of it runs or loads anything."""

_LINK = re.compile(r"https?://[^\s<>\"]+")
_CODE = re.compile(r"[A-Z2-7]{4}-[A-Z2-7]{4}")


def create_demo_pages(
    mailbox: Mailbox,
    crm_rows: CrmRows,
    *,
    website: str,
    subscriber: str,
    newsletter: Newsletter | None = None,
) -> Flask:
    """The blueprint in an application of its own, so that nothing of the portal touches it."""
    app = Flask(__name__, static_folder=None)
    app.config["TRUSTED_HOSTS"] = ["localhost", "127.0.0.1"]  # against rebound names
    app.json.sort_keys = False  # type: ignore[attr-defined]  # columns keep their order
    app.register_blueprint(
        demo_blueprint(
            mailbox, crm_rows, website=website, subscriber=subscriber, newsletter=newsletter
        )
    )
    return app


def demo_blueprint(
    mailbox: Mailbox,
    crm_rows: CrmRows,
    *,
    website: str,
    subscriber: str,
    newsletter: Newsletter | None = None,
) -> Blueprint:
    """The pages under ``/demo/``.

    Args:
        mailbox: where the mail of the demo ends up.
        crm_rows: what the CRM holds of an address.
        website: the address of the company's website, to link to.
        subscriber: the address of whom the demo is about.
        newsletter: what sends one, where the CRM has a field for its link.
    """
    pages = Blueprint(
        "demo",
        __name__,
        url_prefix="/demo",
        template_folder="templates",
        static_folder="static",
    )

    @pages.context_processor
    def _words() -> dict[str, object]:
        return {
            "t": Words(preferred(request)),
            "website": website,
            "subscriber": subscriber,
            "has_newsletter": newsletter is not None,
            "clock_time": _clock_time,
        }

    @pages.after_request
    def _headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("/")
    def index() -> str:
        return render_template("demo/index.html")

    _add_mailbox(pages, mailbox)
    _add_crm(pages, crm_rows, subscriber)
    if newsletter is not None:
        _add_newsletter(pages, mailbox, newsletter, subscriber)
    return pages


def _add_mailbox(pages: Blueprint, mailbox: Mailbox) -> None:
    @pages.get("/mail")
    def inbox() -> str:
        return render_template("demo/mail.html", mails=_newest_first(mailbox), opened=None)

    @pages.get("/mail/<int:id>")
    def message(id: int) -> str:
        opened = mailbox.get(id)
        if opened is None:
            abort(404)
        return render_template(
            "demo/mail.html",
            mails=_newest_first(mailbox),
            opened=opened,
            as_text=request.args.get("as") == "text" or not opened.html,
            text=_clickable(opened.text),
            document=f'<base target="_blank">{opened.html}',
        )

    @pages.get("/mail.json")
    def mail_json() -> Response:
        return jsonify([mail.as_json() for mail in mailbox.all()])


def _add_crm(pages: Blueprint, crm_rows: CrmRows, subscriber: str) -> None:
    @pages.get("/crm")
    def crm() -> str:
        email = request.args.get("email") or subscriber
        return render_template("demo/crm.html", email=email, found=crm_rows(email))

    @pages.get("/crm.json")
    def crm_json() -> Response:
        email = request.args.get("email", "")
        if not email:
            abort(400)
        return jsonify({"email": email, "rows": crm_rows(email)})


def _add_newsletter(
    pages: Blueprint, mailbox: Mailbox, newsletter: Newsletter, subscriber: str
) -> None:
    @pages.get("/newsletter")
    def newsletter_page() -> str:
        return render_template("demo/newsletter.html", email=subscriber, became=None)

    @pages.post("/newsletter")
    def send_newsletter() -> str | WerkzeugResponse:
        email = request.form.get("email", "").strip() or subscriber
        became = newsletter.send(email)
        if became is not Sending.SENT:
            return render_template("demo/newsletter.html", email=email, became=became)
        return redirect(url_for("demo.message", id=mailbox.all()[-1].id), 303)


def _newest_first(mailbox: Mailbox) -> list[CaughtMail]:
    return mailbox.all()[::-1]


def _clock_time(mail: CaughtMail) -> str:
    return datetime.fromisoformat(mail.received_at).astimezone().strftime("%H:%M")


def _clickable(text: str) -> Markup:
    """The text of a mail as a mail program shows it: links clickable, the code in one click."""
    return Markup("\n").join(Markup().join(_clickable_line(line)) for line in text.split("\n"))


def _clickable_line(line: str) -> Iterator[Markup]:
    if _CODE.fullmatch(line.strip()):
        yield Markup('<b class="code">{}</b>').format(line.strip())
        return
    end = 0
    for link in _LINK.finditer(line):
        yield escape(line[end : link.start()])
        yield Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(link[0])
        end = link.end()
    yield escape(line[end:])
