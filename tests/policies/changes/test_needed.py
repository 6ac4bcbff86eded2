"""What each part of a property is needed for: a change of the rules that it alone catches, or nothing."""

from pathlib import Path

import pytest

from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.review.changes.needed import needs

ASKED = ("P-OWN-IDENTITY", "P-TWICE", "P-CODE-LIFE", "P-SERVICE-OPENS", "L-WITHDRAW", "L-AFTER-VACANCY")


@pytest.mark.slow
def test_a_part_is_needed_for_what_it_alone_catches_and_a_property_said_twice_for_nothing(
    engine: Engine, copied_policies: Path
) -> None:
    path = copied_policies / "properties/safety.cedar"
    text = path.read_text(encoding="utf-8")
    start = text.index('@id("P-OWN-IDENTITY")')
    again = text[start : text.index("@id", start + 1)].replace("P-OWN-IDENTITY", "P-TWICE")
    path.write_text(f"{text}\n{again}", encoding="utf-8")
    found = {
        (each.part.property.id, each.part.says): each.change
        for each in needs(read_policies(copied_policies), ASKED)
    }
    assert found["P-OWN-IDENTITY", "as a whole"] == found["P-TWICE", "as a whole"] == ""
    assert found["P-CODE-LIFE", "« !(resource.isUsed) »"].startswith("G-CODE-USED letting pass")
    assert found["P-SERVICE-OPENS", "« principal.isActive »"] == ""
    assert "resource.state = pending" in next(
        change for (name, says), change in found.items() if name == "L-WITHDRAW" and "pending" in says
    )
    assert found["L-AFTER-VACANCY", "as a whole"] == "a rule that stops whatever fits L-AFTER-VACANCY"
