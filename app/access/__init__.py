"""Who asks, and what they may do: callers, scopes, roles, clients, and the rule by which people are seen."""
