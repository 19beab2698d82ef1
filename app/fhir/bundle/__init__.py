"""Bundles of type transaction (all or nothing) and batch (each entry by itself). https://hl7.org/fhir/R4/http.html#transaction"""
