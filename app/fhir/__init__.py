"""FHIR behaviour written once; names no resource type. https://hl7.org/fhir/R4/"""
