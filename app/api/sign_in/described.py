"""How the OpenAPI document describes the forms and errors of the door. https://spec.openapis.org/oas/v3.1.1.html"""

from typing import Any

from pydantic import BaseModel


class Declined(BaseModel):
    """An error as OAuth has it, in English, and in a member of ours in Vietnamese."""

    error: str
    error_description: str
    error_description_vi: str


DECLINED: dict[int | str, dict[str, Any]] = {
    400: {"model": Declined, "description": "invalid_request, invalid_scope or unsupported_grant_type."},
    401: {"model": Declined, "description": "invalid_client: the client did not prove who it is."},
    503: {"model": Declined, "description": "temporarily_unavailable; Retry-After says when to ask again."},
}


def form_of(*fields: str, optional: tuple[str, ...] = ("client_id",)) -> dict[str, Any]:
    """Describe a form with these fields."""
    schema = {
        "type": "object",
        "required": list(fields),
        "properties": {name: {"type": "string"} for name in (*fields, *optional)},
    }
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
