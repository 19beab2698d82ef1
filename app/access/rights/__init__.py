"""Rights of people and duties of who keeps their records: consent, restriction, requests, emergencies, notices."""
