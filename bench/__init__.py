"""The measurements: each figure the service is to reach, measured by a command that anyone can run."""
