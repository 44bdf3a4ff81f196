"""The description of the API (OpenAPI 3.1), made of the very shapes that check and answer."""

from typing import Any

from flask import Response, jsonify
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from portal.access.api_keys import Scope
from portal.web.api import shapes
from portal.web.api.blueprint import blueprint
from portal.web.api.feed import MOST
from portal.web.context import services
from portal.web.problems import MEDIA_TYPE

REF = "#/components/schemas/{model}"
MODELS: dict[str, type[shapes.Shape]] = {
    one.__name__: one
    for one in (
        shapes.ConsentsAsked,
        shapes.ConsentsTold,
        shapes.PersonTold,
        shapes.FeedTold,
        shapes.LinksAsked,
        shapes.LinksTold,
        shapes.HandoffTold,
        shapes.Problem,
    )
}


@blueprint.get("/openapi.json")
def document() -> Response:
    """The description; whoever likes may read it."""
    return jsonify(described(services().settings.public_url))


def described(public_url: str) -> dict[str, Any]:
    """The whole document."""
    pairs = [(model, "serialization") for model in MODELS.values()]
    _, schemas = models_json_schema(pairs, ref_template=REF)  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Subscriber Portal",
            "version": "1",
            "summary": "For whoever sends mail, and for the company's own website.",
        },
        "servers": [{"url": f"{public_url}/api/v1"}],
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key that `portal api-key add` made, of a server.",
                }
            },
        },
    }


def _paths() -> dict[str, Any]:
    ref = _parameter("ref", "path", {"type": "string"}, "`<adapter>:<key>`: one record.")
    after = _parameter("after", "query", {"type": "string"}, "The last cursor, or `now`.")
    limit = _parameter(
        "limit",
        "query",
        TypeAdapter(int).json_schema() | {"minimum": 1, "maximum": MOST, "default": 100},
        "At most so many entries.",
    )
    return {
        "/consents/{ref}": {
            "get": _route(
                "May mail be sent to her? By one record.",
                Scope.CONSENTS_READ,
                "PersonTold",
                parameters=[ref],
                failures=(404,),
            )
        },
        "/consents": {
            "post": _route(
                "May mail be sent to them? At most 100.",
                Scope.CONSENTS_READ,
                "ConsentsTold",
                body="ConsentsAsked",
            )
        },
        "/feed": {
            "get": _route(
                "What people decided, since a cursor.",
                Scope.FEED_READ,
                "FeedTold",
                parameters=[after, limit],
                failures=(410, 422),
            )
        },
        "/links": {
            "post": _route(
                "Footer links. At most 500.", Scope.LINKS_MINT, "LinksTold", body="LinksAsked"
            )
        },
        "/handoff": {"post": _handoff()},
        "/openapi.json": {
            "get": {
                "summary": "This description.",
                "security": [],
                "responses": {"200": _answer("OpenAPI 3.1", {"type": "object"})},
            }
        },
    }


def _route(
    summary: str,
    scope: Scope,
    answer: str,
    *,
    body: str = "",
    parameters: list[dict[str, Any]] | None = None,
    failures: tuple[int, ...] = (),
) -> dict[str, Any]:
    statuses = {401, 403, 429, 503, *failures, *((413, 415, 422) if body else ())}
    route: dict[str, Any] = {
        "summary": summary,
        "description": f"Needs the scope `{scope}`.",
        "security": [{"key": []}],
        "responses": {"200": _answer("OK", _of(answer)), **_failures(statuses)},
    }
    if body:
        content = {"application/json": {"schema": _of(body)}}
        route["requestBody"] = {"required": True, "content": content}
    if parameters:
        route["parameters"] = parameters
    return route


def _handoff() -> dict[str, Any]:
    content = {"application/jose": {"schema": {"type": "string"}}}
    statuses = {401, 403, 404, 409, 413, 415, 422, 503}
    return {
        "summary": "A website hands over whom it has signed in.",
        "description": "One compact JWS, by a key of the site's JWKS file: Ed25519 or ES256.",
        "security": [],
        "requestBody": {"required": True, "content": content},
        "responses": {"201": _answer("Her link", _of("HandoffTold")), **_failures(statuses)},
    }


def _failures(statuses: set[int]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": _of("Problem")}}
    told = {"description": "A problem (RFC 9457).", "content": content}
    return {str(status): told for status in sorted(statuses)}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema,
        "description": description,
    }


def _of(model: str) -> dict[str, str]:
    return {"$ref": REF.format(model=model)}
