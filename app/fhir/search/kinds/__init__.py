"""Conditions in SQL for each kind of search parameter. https://hl7.org/fhir/R4/search.html#ptypes"""
