"""The door for programs and people: tokens, sessions, and what each is worth. https://hl7.org/fhir/smart-app-launch/"""

"""Signing in over HTTP: of programs with keys of their own, of people by the installation's provider."""
