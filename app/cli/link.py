"""Write the command `tramy` into an environment, so that it runs this source tree from any folder."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def write(target: Path) -> None:
    """Write the command as a file that this environment's Python runs."""
    target.write_text(
        f"#!{sys.executable}\nimport sys\n\nsys.path.insert(0, {str(ROOT)!r})\nfrom app.cli.main import main\n\nif __name__ == \"__main__\":\n    main()\n",
        encoding="utf-8",
    )
    target.chmod(0o755)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
