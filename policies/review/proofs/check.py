"""`bdt policy check`: everything that can be said of the rules without asking them anything."""

from dataclasses import dataclass
from pathlib import Path

from policies.catalogue.faults import Fault
from policies.engine.revision import Policies, read_policies
from policies.language.cedar import format_policies
from policies.language.model import render_schema, stale_files
from policies.language.statements import read_rules
from policies.review.proofs.bounds import bound_faults, read_bounds
from policies.review.proofs.lint import WIDTH, form_faults, lint, property_faults, soundness_faults
from policies.review.words.french import french_faults

FORMATTED = ("rules", "properties")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked; no fault, and the revision is fit to decide."""

    policies: Policies
    properties: int
    faults: tuple[Fault, ...]

    def summary(self) -> str:
        """One line for people."""
        model = self.policies.model
        return (
            f"{len(self.policies.rules)} rules, {self.properties} properties, "
            f"{len(model.environments)} environments, digest {self.policies.digest[:16]}"
        )


def check(root: Path) -> Checked:
    """Check a policies folder.

    Raises:
        BadSource: a file that cannot even be read.
    """
    stale = stale_files(root, render_schema(root))
    policies = read_policies(root)
    properties = read_rules(root, "properties")
    faults = (
        *stale,
        *soundness_faults((*policies.rules, *properties), policies),
        *property_faults(properties, policies),
        *lint(policies),
        *_faults_of_bounds(policies),
        *french_faults(root, policies.model),
        *form_faults(root, *FORMATTED),
    )
    return Checked(policies, len(properties), faults)


def _faults_of_bounds(policies: Policies) -> list[Fault]:
    faults = bound_faults(policies.root, policies.model)
    bounds = () if faults else read_bounds(policies.root, policies.model)
    return faults or soundness_faults((each.property for each in bounds), policies)


def format_files(root: Path) -> list[str]:
    """Format the Cedar files in place; the names of those that changed."""
    changed = []
    for folder in FORMATTED:
        for path in sorted((root / folder).glob("*.cedar")):
            text = path.read_text(encoding="utf-8")
            formatted = format_policies(text, WIDTH, 2)
            if formatted != text:
                path.write_text(formatted, encoding="utf-8")
                changed.append(path.relative_to(root).as_posix())
    return changed
