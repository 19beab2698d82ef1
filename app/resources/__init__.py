"""The resource types that are served, one file each."""
