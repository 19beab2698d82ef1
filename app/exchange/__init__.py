"""Formats other than single FHIR requests: insurance XML, registers, bulk files, and the invented register."""
