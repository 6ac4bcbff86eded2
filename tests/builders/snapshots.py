"""Texts that people receive, kept as files: a change of wording shows in the review."""

import os
from pathlib import Path


def assert_is_snapshot(text: str, file: Path) -> None:
    """Compare a text with its file; `WRITE_SNAPSHOTS=1 pytest …` writes the file anew."""
    if os.environ.get("WRITE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"no snapshot {file.name}: run the test with WRITE_SNAPSHOTS=1"
    assert text == file.read_text(encoding="utf-8")
