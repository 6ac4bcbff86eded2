"""The register as it is shipped: one JSON object a line, packed, with where it comes from beside it."""

import gzip
import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
REGISTER = DATA / "register.jsonl.gz"
PROVENANCE = DATA / "provenance.json"


class Entry(NamedTuple):
    """What the register says of one structure; same words as the table `structure`."""

    siren: str
    kind: str
    name: str
    bare_name: str
    insee: str | None
    departement: str
    departement_name: str
    other_departements: list[str]
    postcodes: list[str]
    epci_siren: str | None
    epci_name: str | None
    population: int
    former_names: list[str]


def read_register(file: Path = REGISTER) -> Iterator[Entry]:
    """The entries of a packed register, in order of SIREN."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield Entry(*json.loads(line))


def pack(entries: Iterable[Entry]) -> bytes:
    """The packed register; the same entries give the same bytes (no date, no file name inside)."""
    packed = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        for entry in sorted(entries):
            line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
            file.write(f"{line}\n".encode())
    return packed.getvalue()
