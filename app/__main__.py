"""`python -m app` is the command tramy."""

from app.cli.main import main

main()
