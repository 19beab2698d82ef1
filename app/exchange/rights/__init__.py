"""Rights and duties where records are needed: how long they are kept, erasure, and all that is held on one person."""
