"""C3: whatever a subscriber sends, it is about herself, on her own site."""

import pytest

from portal.web.version import VERSION
from tests.mailings import decide
from tests.portals import Office, Visitor
from tests.rights.copying import make, wants_a_copy

HENDRIK = "hendrik.bosman@example.com"
MARIJKES = ("Marijke", "Lindelaan", "06-1000482", "marijke.devries")
IDS = {"email": "marijke.devries@example.org", "subject": "1", "id": "1", "contact_id": "1"}
COVERED = {
    "GET": {
        "/",
        "/address/new",
        "/address/old",
        "/api/v1/consents/<path:ref>",
        "/api/v1/feed",
        "/api/v1/openapi.json",
        "/confirm",
        "/enter",
        "/handoff",
        "/healthz",
        "/readyz",
        "/schemas/<name>.json",
        "/privacy",
        "/me",
        "/me/about",
        "/me/address",
        "/me/consents",
        "/me/consents/history",
        "/me/correct",
        "/me/erase",
        "/me/export",
        "/me/export/<reference>",
        "/me/export/<reference>/read",
        "/me/more",
        "/me/object",
        "/me/questions",
        "/me/requests",
        "/me/requests/<request_id>",
        "/me/requests/<request_id>/choose",
        "/me/restrict",
        "/me/which",
        "/no-mailbox",
        "/operator",
        "/operator/cases/<reference>",
        "/operator/mailings",
        "/operator/requests/<request_id>",
        "/operator/signin",
        "/question",
        "/received/<reference>",
        "/signin/code",
        "/embed/<site_id>/",
        "/embed/v1/portal.js",
        "/embed/<version>/portal.js",
        "/sites/<site_id>.css",
        "/static/<path:filename>",
        "/u/",
        "/u/<token>",
        "/u/progress/<reference>",
        "/.well-known/gpc.json",
    },
    "POST": {
        "/address/new",
        "/address/old",
        "/me/address",
        "/api/v1/consents",
        "/api/v1/handoff",
        "/api/v1/links",
        "/confirm",
        "/enter",
        "/handoff",
        "/me/confirm",
        "/me/consents",
        "/me/consents/less",
        "/me/consents/pause",
        "/me/consents/stop",
        "/me/consents/undo",
        "/me/correct",
        "/me/erase",
        "/me/export",
        "/me/export/<reference>",
        "/me/more",
        "/me/object",
        "/me/questions",
        "/me/requests/<request_id>/choose",
        "/me/requests/<request_id>/keep",
        "/me/restrict",
        "/me/which",
        "/me/which/help",
        "/me/signout",
        "/no-mailbox",
        "/operator/adapters/<name>/pause",
        "/operator/adapters/<name>/resume",
        "/operator/alarms/<int:alarm_id>/clear",
        "/operator/cases/<reference>/answered",
        "/operator/cases/<reference>/close",
        "/operator/replay",
        "/operator/signin",
        "/operator/signout",
        "/question",
        "/signin",
        "/signin/code",
        "/u/<token>",
        "/u/<token>/data",
        "/u/<token>/less",
        "/u/<token>/pause",
        "/u/undo",
    },
}


def test_c3_every_route_of_the_url_map_has_a_case_here(office: Office) -> None:
    for method, covered in COVERED.items():
        rules = {
            rule.rule.replace(VERSION, "<version>")
            for rule in office.app.url_map.iter_rules()
            if method in (rule.methods or ())
        }
        assert rules == covered


@pytest.mark.parametrize("frame", [None, "demo"])
def test_c3_no_page_of_one_subscriber_shows_another_whatever_is_asked(
    office: Office, frame: str | None
) -> None:
    copy = make(wants_a_copy(office))
    marijke = office.visitor(frame=frame).sign_in(office)
    request = decide(marijke, "newsletter", "no")
    office.work()
    hendrik = office.visitor(frame=frame).sign_in(office, HENDRIK)

    for rule in sorted(COVERED["GET"]):
        if "<" in rule and "request_id" not in rule and "/export/" not in rule:
            continue
        path = rule.replace("/me/requests/<request_id>", request.location)
        path = path.replace("/me/export/<reference>", copy)
        page = hendrik.get(path, query_string=IDS)
        assert not any(one in page.text for one in MARIJKES), path
    assert hendrik.get(request.location).status == 404
    assert marijke.get(request.location).status == 200


def test_c3_no_write_of_one_subscriber_reaches_another_whatever_is_sent(office: Office) -> None:
    copy = make(wants_a_copy(office))
    hendrik = office.visitor().sign_in(office, HENDRIK, goal="erase")
    token = hendrik.get("/me").fields["csrf_token"]
    before = office.contact()
    subscriptions = office.crm("SELECT * FROM subscriptions WHERE contact_id = 1")

    for rule in sorted(COVERED["POST"] - {"/me/signout"}):
        path = rule.replace("<request_id>", "nothing").replace("/me/export/<reference>", copy)
        for name, value in IDS.items():
            hendrik.post(path, **{"csrf_token": token, name: value})
            hendrik.send(path, query_string={name: value}, data={"csrf_token": token})
    office.work()

    assert office.contact() == before
    assert office.crm("SELECT * FROM subscriptions WHERE contact_id = 1") == subscriptions
    assert "copy_taken" not in office.events()


def test_c3_a_session_of_one_site_is_none_on_the_frame_of_another(office: Office) -> None:
    frame = office.visitor(frame="demo").sign_in(office)
    stolen: Visitor = office.visitor(frame="other")
    stolen.token = frame.token

    for path in ("/me", "/me/correct", "/me/consents", "/me/erase", "/me/requests"):
        assert stolen.get(path).status == 401
    assert stolen.post("/me/consents", purpose="newsletter", granted="no").status == 401


def test_a_waiting_page_of_one_site_is_gone_in_the_frame_of_another(office: Office) -> None:
    asked = office.visitor(frame="demo").ask()
    reference = asked.fields["t"]

    assert office.visitor(frame="other").get(f"/signin/code?t={reference}").status == 410
