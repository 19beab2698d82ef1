"""What becomes of each interaction of the FHIR interface: from a request to its response, a file for each family."""
