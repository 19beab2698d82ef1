"""Changes to parts of a resource, as operations on its tree. https://hl7.org/fhir/R4/http.html#patch"""
