"""A FHIR transaction of the resources of a household: https://hl7.org/fhir/R4/http.html#transaction"""

BASE = "https://tramy.vn/fhir"
"""Where the entries say they are, so that their relative references resolve within the bundle."""


def as_transaction(resources: list[dict]) -> dict:
    """Put resources under their own ids (update as create), so that sending the bundle twice changes nothing."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(resource) for resource in resources]}


def _entry(resource: dict) -> dict:
    address = f"{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": f"{BASE}/{address}", "resource": resource, "request": {"method": "PUT", "url": address}}
