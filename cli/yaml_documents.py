"""YAML 1.2 as plain values, with an end to how much it may be.

A short text can stand for more values than there is memory, by aliases of aliases, so they are
counted as what they stand for before anything is built of them. `NO` is a text, and so is a date.
"""

from collections.abc import Iterator
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from cli.bounds import DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, YAML_CHARACTERS_MAX

TAG = "tag:yaml.org,2002:"
TAGS = {f"{TAG}{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null")}
TAGS |= {f"{TAG}{name}" for name in ("timestamp", "merge", "value")}
"""Of values that JSON has, too, and of what is read as one of them."""


class BoundedComposer(Composer):
    """Counts while it reads, so that nothing is kept of what is too much. All documents of a file
    count together: many small ones cost as much as one that is large."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self.nodes = 0

    def compose_document(self) -> Any:
        before = self.nodes
        root = super().compose_document()
        count, _ = Weights().weigh(root)
        self.nodes = before + count
        if self.nodes > DOCUMENT_NODES_MAX:
            raise too_much(root.start_mark)
        return root

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes += 1
        if self.nodes > DOCUMENT_NODES_MAX or self.depth >= DOCUMENT_DEPTH_MAX:
            raise too_much(self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        if str(node.tag) not in TAGS:
            raise ComposerError(None, None, "a tag stands for no plain value", node.start_mark)
        return node


class Weights:
    """How many values a node stands for, and how deep they are nested, with all its aliases."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, int]] = {}
        self.open: set[int] = set()

    def weigh(self, node: Node) -> tuple[int, int]:
        if isinstance(node, ScalarNode):
            return 1, 0
        if id(node) in self.known:
            return self.known[id(node)]
        if id(node) in self.open:
            raise ComposerError(None, None, "an alias stands inside itself", node.start_mark)
        self.open.add(id(node))
        inner = [self.weigh(each) for each in inside(node)]
        count, depth = 1 + sum(each[0] for each in inner), 1 + max((d for _, d in inner), default=0)
        if count > DOCUMENT_NODES_MAX or depth > DOCUMENT_DEPTH_MAX:
            raise too_much(node.start_mark)
        self.open.remove(id(node))
        self.known[id(node)] = count, depth
        return count, depth


def inside(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, CollectionNode):
        yield from node.value


def too_much(mark: Any) -> ComposerError:
    text = f"more than {DOCUMENT_NODES_MAX:,} values with all aliases, or {DOCUMENT_DEPTH_MAX} deep"
    return ComposerError(None, None, text, mark)


class PlainConstructor(SafeConstructor):
    """Dates stay the text that they are in JSON, and keys are told without what they hold."""

    def check_mapping_key(
        self, node: Any, key_node: Any, mapping: Any, key: Any, value: Any
    ) -> bool:
        if key in mapping:
            text = f"field {key} stands twice"
            raise ConstructorError(None, None, text, key_node.start_mark)
        return True


PlainConstructor.add_constructor(f"{TAG}timestamp", SafeConstructor.construct_yaml_str)


def documents(text: str) -> Iterator[Any]:
    if len(text) > YAML_CHARACTERS_MAX:
        raise ComposerError(None, None, f"more than {YAML_CHARACTERS_MAX:,} characters; write JSON")
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer, yaml.Constructor = BoundedComposer, PlainConstructor
    return cast(Iterator[Any], yaml.load_all(text))
