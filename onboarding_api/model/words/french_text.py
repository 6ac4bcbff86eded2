"""How letters and mails are set in French: lists, and spaces that do not break."""

import re
from collections.abc import Sequence


def quoted_list(labels: Sequence[str]) -> str:
    """« « Encours », « Documents » et « Suivi des dossiers » »."""
    quoted = [f"« {label} »" for label in labels]
    return " et ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def tied(text: str) -> str:
    """The text with no-break spaces where no line may begin (before : ; ? ! ») or end (after «)."""
    return re.sub(r" (?=[:;?!»])|(?<=«) ", "\N{NO-BREAK SPACE}", text)
