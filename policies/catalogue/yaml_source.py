"""YAML as people mean it: no doubled key, every scalar a string, and each value knows its line.

YAML 1.1 reads `NO` as false, the key `on` as true, the INSEE code `01001` as 513, and keeps the last of two
equal keys. None of that here: scalars stay text, and whoever needs a boolean or a number coerces it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from policies.catalogue.faults import BadSource, Fault

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A document and the line of each of its values, by path."""

    file: str
    data: Any
    lines: Mapping[Steps, int]

    def line(self, path: Steps) -> int:
        """Line of a value; of its nearest known parent when it has none of its own."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Steps, message: str) -> Fault:
        """A fault of the value at `path`."""
        return Fault(self.file, self.line(path), ".".join(map(str, path)), message)


def load_yaml(path: Path, root: Path) -> Source:
    """Read a file as text values only.

    Args:
        path: the file.
        root: the folder from which its name is told.

    Raises:
        BadSource: unreadable, not YAML, a doubled key, an alias, an explicit tag.
    """
    return _load(path, root, _text)


def load_rules_of_form(path: Path, root: Path) -> Source:
    """Read a Cerberus schema: as `load_yaml`, but a plain `true`, `false` or integer means itself."""
    return _load(path, root, _core)


def _text(node: yaml.ScalarNode) -> Any:
    return node.value


def _core(node: yaml.ScalarNode) -> Any:
    if node.style:
        return node.value
    return {"true": True, "false": False}.get(
        node.value, int(node.value) if node.value.isdecimal() else node.value
    )


def _load(path: Path, root: Path, scalar: Any) -> Source:
    name = path.relative_to(root).as_posix()
    try:
        node = yaml.compose(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except FileNotFoundError as error:
        raise BadSource([Fault(name, 0, "", "the file is missing")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise BadSource([Fault(name, mark.line + 1 if mark else 0, "", problem)]) from error
    except UnicodeDecodeError as error:
        raise BadSource([Fault(name, 0, "", "not UTF-8 text")]) from error
    reader = _Reader(name, scalar)
    data = reader.value(node, ()) if node is not None else {}
    if reader.faults:
        raise BadSource(reader.faults)
    return Source(name, data, reader.lines)


class _Reader:
    """Turns a tree of YAML nodes into Python values, noting lines and faults."""

    def __init__(self, name: str, scalar: Any) -> None:
        self._name, self._scalar = name, scalar
        self.lines: dict[Steps, int] = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, path: Steps) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault(self._name, line, ".".join(map(str, path)), "a key must be text"))
                continue
            key = key_node.value
            if key in found:
                first = self.lines[(*path, key)]
                self.faults.append(Fault(self._name, line, key, f"doubled key, first at line {first}"))
            self.lines[(*path, key)] = line
            found[key] = self.value(value_node, (*path, key))
        return found
