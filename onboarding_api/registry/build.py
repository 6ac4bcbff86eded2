"""`bdt registry build`: from the open data of Etalab to the register that is shipped.

The source is a package of npm, fetched by the ordinary client and known by its SHA-256. It holds the
« code officiel géographique » of INSEE, the EPCI of the DGCL and the postcodes of La Poste.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from stdnum.fr import siren as siren_number

from onboarding_api.registry.labels import label_of_commune, label_of_epci
from onboarding_api.registry.shipped import DATA, PROVENANCE, REGISTER, Entry, pack
from onboarding_api.registry.table_file import Unreadable
from onboarding_api.registry.town_halls import TOWN_HALLS, build_town_halls

PACKAGE: Final = "@etalab/decoupage-administratif"
VERSION: Final = "6.0.0"
SHA256: Final = "c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a"

# INSEE's TNCC: 1 = « d' »; 6 = « Aux », whose only commune calls itself « commune d'Aux Marais ».
_ELIDED_LIAISONS: Final = (1, 6)
_FORMER: Final = ("commune-deleguee", "commune-associee")


class BuildRefused(Exception):
    """The register was not built; nothing was written."""


class Source(NamedTuple):
    """The files of the package that matter, as they are, and the day they were published."""

    communes: list[dict[str, Any]]
    epci: list[dict[str, Any]]
    departements: list[dict[str, Any]]
    published: str


def build_register(directory: Path = DATA, addresses: bytes | None = None) -> Mapping[str, Any]:
    """Fetch the package, write the register and its provenance, and return the provenance.

    Args:
        directory: where to write.
        addresses: La Poste's file of postcodes; with it, the facts on town halls are made again.

    Raises:
        BuildRefused: npm fails, the package is not the one expected, a SIREN is malformed, or the file of
            postcodes is not La Poste's.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source = read_package(fetch_package(Path(scratch)))
    entries = entries_of(source)
    packed = pack(entries)
    if addresses is not None:
        (directory / TOWN_HALLS.name).write_text(_town_halls(addresses, entries, source), encoding="utf-8")
    provenance = _provenance(source, entries, packed)
    (directory / REGISTER.name).write_bytes(packed)
    (directory / PROVENANCE.name).write_text(
        json.dumps(provenance, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    return provenance


def _town_halls(addresses: bytes, entries: list[Entry], source: Source) -> str:
    try:
        return build_town_halls(addresses, entries, source.communes)
    except Unreadable as error:
        raise BuildRefused(f"the file of postcodes: {error}") from error


def fetch_package(directory: Path) -> Path:
    """The tarball of the package, got by npm from wherever npm is set to get packages.

    Raises:
        BuildRefused: npm is missing or fails.
    """
    command = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(directory)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    except FileNotFoundError as error:
        raise BuildRefused("npm is needed to fetch the package, and is not installed") from error
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", None) or str(error)
        raise BuildRefused(f"npm could not fetch {PACKAGE} {VERSION}: {said.strip()}") from error
    return next(directory.glob("*.tgz"))


def read_package(tarball: Path) -> Source:
    """The content of the package, once its SHA-256 is the expected one.

    Raises:
        BuildRefused: it is another file.
    """
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if digest != SHA256:
        raise BuildRefused(f"{tarball.name} has SHA-256 {digest}, expected {SHA256}")
    with tarfile.open(tarball) as archive:

        def content(name: str) -> list[dict[str, Any]]:
            member = archive.extractfile(f"package/data/{name}.json")
            if member is None:
                raise BuildRefused(f"the package holds no {name}.json")
            loaded: list[dict[str, Any]] = json.load(member)
            return loaded

        published = datetime.fromtimestamp(archive.getmember("package/package.json").mtime, UTC)
        return Source(
            content("communes"), content("epci"), content("departements"), published.date().isoformat()
        )


def entries_of(source: Source) -> list[Entry]:
    """What the register says of each commune that has a SIREN, and of each EPCI.

    Raises:
        BuildRefused: a check digit is wrong; in version 6.0.0 none is.
    """
    entries = [*_communes(source), *_epci(source)]
    malformed = [entry.siren for entry in entries if not siren_number.is_valid(entry.siren)]
    if malformed:
        raise BuildRefused(f"malformed SIREN: {', '.join(malformed)}")
    return entries


def _communes(source: Source) -> Iterator[Entry]:
    departements = {d["code"]: d["nom"] for d in source.departements}
    epci_of = {member["siren"]: epci for epci in source.epci for member in epci["membres"]}
    former = defaultdict(set)
    for past in source.communes:
        if past["type"] in _FORMER:
            former[past["chefLieu"]].add(past["nom"])
    # The collectivités of the Pacific and a few islands have no SIREN in the source: they stay out.
    for commune in (c for c in source.communes if c["type"] == "commune-actuelle" and "siren" in c):
        name = commune["nom"]
        epci = epci_of.get(commune["siren"])
        yield Entry(
            siren=commune["siren"],
            kind="commune",
            name=label_of_commune(name, is_elided=commune["typeLiaison"] in _ELIDED_LIAISONS),
            bare_name=name,
            insee=commune["code"],
            departement=commune["departement"],
            departement_name=departements[commune["departement"]],
            other_departements=[],
            postcodes=commune["codesPostaux"],
            epci_siren=epci["code"] if epci else None,
            epci_name=label_of_epci(_spaced(epci["nom"])) if epci else None,
            population=commune["population"],
            former_names=sorted(former[commune["code"]] - {name}),
        )


def _epci(source: Source) -> Iterator[Entry]:
    departements = {d["code"]: d["nom"] for d in source.departements}
    communes = {c["siren"]: c for c in source.communes if c["type"] == "commune-actuelle" and "siren" in c}
    for epci in source.epci:
        name = _spaced(epci["nom"])
        inhabitants: Counter[str] = Counter()
        postcodes: set[str] = set()
        for member in epci["membres"]:
            commune = communes[member["siren"]]
            inhabitants[commune["departement"]] += member["populationMunicipale"]
            postcodes.update(commune["codesPostaux"])
        main, *others = sorted(inhabitants, key=lambda code: (-inhabitants[code], code))
        yield Entry(
            siren=epci["code"],
            kind="epci",
            name=label_of_epci(name),
            bare_name=name,
            insee=None,
            departement=main,
            departement_name=departements[main],
            other_departements=others,
            postcodes=sorted(postcodes),
            epci_siren=None,
            epci_name=None,
            population=epci["populationMunicipale"],
            former_names=[],
        )


def _spaced(name: str) -> str:
    """One space where the source has two."""
    return " ".join(name.split())


def _provenance(source: Source, entries: list[Entry], packed: bytes) -> dict[str, Any]:
    kinds = Counter(entry.kind for entry in entries)
    return {
        "package": PACKAGE,
        "version": VERSION,
        "sha256": SHA256,
        "published": source.published,
        "licence": "data: Licence Ouverte (Etalab); code of the package: MIT",
        "register_sha256": hashlib.sha256(packed).hexdigest(),
        "counts": {
            "communes": kinds["commune"],
            "epci": kinds["epci"],
            "structures": len(entries),
            "former_names": sum(len(entry.former_names) for entry in entries),
        },
    }
