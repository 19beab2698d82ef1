"""The invented register: exact where it promises figures, the same everywhere, never at odds with the calendar."""
