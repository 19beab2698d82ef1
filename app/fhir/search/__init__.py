"""Search: declared parameters, the columns they fill, and the queries they answer. https://hl7.org/fhir/R4/search.html"""
