"""HTTP in and out: the FHIR and indicator routes, their documentation, and errors as responses."""
