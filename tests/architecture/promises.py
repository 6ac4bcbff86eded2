"""The promises that screens and mails make: every sentence that tells what will be, and what keeps it.

    python -m tests.architecture.promises --check

Sentences are read from the wording itself; `docs/promises.yaml` says for each what makes it true and which
test sees it. A new sentence without a row fails, and so does a row whose sentence is no longer said.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "promises.yaml"
WORDING = (
    *sorted((ROOT / "onboarding_api" / "web" / "templates").rglob("*.html")),
    *sorted((ROOT / "onboarding_api" / "notices").rglob("*.txt")),
)
SENTENCES_IN_CODE = (
    ROOT / "onboarding_api" / "web" / "errors.py",
    ROOT / "onboarding_api" / "web" / "error_pages.py",
    ROOT / "onboarding_api" / "queries" / "services.py",
)
# What will be: a verb in the future tense, or a delay. Names and numbers of the sentence are left out.
PROMISE = re.compile(
    r"\b\w{2,}(?:rai|ras|ra|rons|rez|ront)\b|\baussitôt\b|\bne peut plus\b|\bexpire\b|\ben quelques minutes\b"
    r"|\bse ferme\b|\bjamais\b|\bconservée?s?\b",
    re.IGNORECASE,
)
NOT_MEANT = re.compile(r"\b(?:\w*ouvrez|administrez|assurez|comparez|entrez)\b|^(?:Ne|Qui) .*", re.IGNORECASE)
"""The present of other verbs, advice, and questions."""
_BLOCKS = re.compile(
    r"</?(?:p|li|h\d|dt|dd|div|section|label|legend|button|title|ul|ol|dl|form|a class)\b[^>]*>|\n\n"
)


def promises() -> Mapping[str, Path]:
    """Each sentence that promises, and the file that says it first."""
    said: dict[str, Path] = {}
    for file in WORDING:
        for sentence in sentences_of(_plain(file.read_text(encoding="utf-8"))):
            said.setdefault(sentence, file)
    for file in SENTENCES_IN_CODE:
        text = re.sub(r'"\s*\n\s*f?"', "", file.read_text(encoding="utf-8"))
        for literal in re.findall(r'"([^"\n]{20,})"', text):
            for sentence in sentences_of(re.sub(r"\{[^}]*\}", "…", literal)):
                said.setdefault(sentence, file)
    return said


def _plain(source: str) -> str:
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%.*?%\}", "\n\n", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}", "…", source, flags=re.DOTALL)
    source = _BLOCKS.sub("\n\n", source)
    return re.sub(r"<[^>]+>", "", source)


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a text that promise something."""
    for block in text.split("\n\n"):
        for sentence in re.split(r"(?<=[.!?])\s+", " ".join(block.split())):
            if len(sentence) > 12 and PROMISE.search(NOT_MEANT.sub("", sentence)):
                yield sentence


def table() -> Mapping[str, Mapping[str, str]]:
    """The rows, by their sentence."""
    keepers = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {sentence: row for row in keepers for sentence in row["promises"]}


def faults() -> list[str]:
    """What is wrong between the wording and the table."""
    said, rows = promises(), table()
    found = [
        f"{said[one].relative_to(ROOT)}: « {one} » promises and has no row in docs/promises.yaml"
        for one in said.keys() - rows.keys()
    ]
    found += [f"docs/promises.yaml: « {one} » is said nowhere" for one in rows.keys() - said.keys()]
    for sentence, row in rows.items():
        file, _, name = row["test"].partition("::")
        path = ROOT / file
        if not path.is_file() or not re.search(rf"def {re.escape(name)}\b", path.read_text(encoding="utf-8")):
            found.append(f"docs/promises.yaml: « {sentence} »: there is no test {row['test']}")
        if not row["kept_by"].strip():
            found.append(f"docs/promises.yaml: « {sentence} »: nothing keeps it")
    return sorted(found)


def main() -> None:
    """Tell the faults; exit code 1 when there are any."""
    found = faults()
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
