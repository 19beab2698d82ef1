"""Definitions and code lists that are shipped with the program: read and searched, never written.

https://hl7.org/fhir/R4/conformance-module.html
"""
