"""Tramy: electronic personal health records for primary care in Viet Nam."""
