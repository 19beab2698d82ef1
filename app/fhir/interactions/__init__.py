"""One file per FHIR interaction; none names a resource type. https://hl7.org/fhir/R4/http.html"""
