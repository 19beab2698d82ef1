"""Prints the document for schemas/openapi.json, with the default settings and without a database: `make openapi`."""

import sys

from app.api.application import application
from app.api.openapi.route import written
from app.config import Settings
from app.resources.registry import registry


def main() -> None:
    """Write the document to standard output."""
    app = application(Settings(), "postgresql://nowhere")
    sys.stdout.buffer.write(written(app, registry(), Settings(), indent=1) + b"\n")


if __name__ == "__main__":
    main()
