"""What came of an entry, before the response bundle gives it a form."""

from app.fhir.answer import Answer
from app.fhir.operation import Reply

Outcome = Answer | Reply
"""The version that was read or written, or a resource as JSON: a page of results, what an operation answers."""
