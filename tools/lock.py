"""Makes the lock files anew: ``make lock``.

One resolution for everything, so that both files agree; hashes of every file of every release, so
that one lock serves Linux and macOS and Python 3.11 to 3.14; and no address of any package host,
so that it works behind a mirror too.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVERYTHING = ROOT / "requirements" / "dev.txt"
RUNNING = ROOT / "requirements" / "run.txt"

HEADER = """\
# {what}
# Made by `make lock` from pyproject.toml; not edited by hand.
"""


def compile_lock(target: Path, what: str, *options: str) -> None:
    """Writes ``target`` with the newest versions that pyproject.toml and ``options`` allow."""
    answer = subprocess.run(
        [
            str(Path(sys.executable).with_name("uv")),
            "pip",
            "compile",
            "pyproject.toml",
            "--all-extras",
            "--group=build",
            "--universal",
            "--python-version=3.11",
            "--generate-hashes",
            "--no-config",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-header",
            "--no-annotate",
            "--quiet",
            *options,
        ],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    if found := re.search(r"https?:|file:|--(?:extra-)?index|--find-links", answer.stdout):
        sys.exit(f"{target.name} would name a place to fetch from: {found.group()}")
    target.write_text(HEADER.format(what=what) + answer.stdout, encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {answer.stdout.count('==')} packages")


compile_lock(
    EVERYTHING,
    "Everything for development: the portal, its tests and its gates.",
    "--group=dev",
)
compile_lock(
    RUNNING,
    "What the portal and its demo need, with both database drivers and the build tools.",
    f"--constraint={EVERYTHING}",
)
