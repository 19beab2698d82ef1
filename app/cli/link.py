"""Write the command `tramy` into an environment, so that it runs this source tree from any folder."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = """\
#!{python}
import sys

sys.path.insert(0, {root!r})
from app.cli.main import main

if __name__ == "__main__":
    main()
"""


def write(target: Path) -> None:
    """Write the command as a file that this environment's Python runs."""
    target.write_text(TEXT.format(python=sys.executable, root=str(ROOT)), encoding="utf-8")
    target.chmod(0o755)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
