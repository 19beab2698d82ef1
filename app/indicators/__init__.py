"""Indicators: facts about people on days, the spans and the ledger made from them, and the questions they answer."""
