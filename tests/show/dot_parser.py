"""Reads DOT text by its grammar (graphviz.org, "DOT language"), as far as quoted names go; all else raises."""

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[\w.#-]+|[{}\[\]=,;])')
_ESCAPES = {"n": "\n"}
_DEFAULTS = ("graph", "edge", "node")


@dataclass
class Part:
    """A graph or subgraph: attributes of its own, nodes and edges with theirs, and the subgraphs in it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    nodes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    def all(self):
        """This part and all inside of it."""
        return [self, *(inner for part in self.parts for inner in part.all())]


def read(text: str) -> Part:
    """The one digraph that a text holds. Raises ValueError where it breaks the grammar."""
    tokens = _Tokens(text)
    tokens.want("digraph")
    found = _part(tokens)
    if not tokens.empty():
        raise ValueError(f"text after the graph: {tokens.rest()!r}")
    return found


class _Tokens:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def rest(self) -> str:
        return self.text[self.at : self.at + 40]

    def empty(self) -> bool:
        return not self.text[self.at :].strip()

    def next(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise ValueError(f"no token of DOT: {self.rest()!r}")
        self.at = found.end()
        return found[1]

    def take(self, token: str) -> bool:
        before = self.at
        if not self.empty() and self.next() == token:
            return True
        self.at = before
        return False

    def want(self, token: str) -> None:
        if not self.take(token):
            raise ValueError(f"{token!r} is missing before {self.rest()!r}")

    def word(self) -> str:
        """A name: quoted, with what its escapes stand for, or a bare word."""
        token = self.next()
        if token[0] == '"':
            return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1])
        if not re.fullmatch(r"[A-Za-z_]\w*|-?\d+(\.\d+)?", token):
            raise ValueError(f"{token!r} is no name: it needs quotation marks")
        return token


def _part(tokens: _Tokens) -> Part:
    found = Part(tokens.word())
    tokens.want("{")
    while not tokens.take("}"):
        if tokens.take("subgraph"):
            found.parts.append(_part(tokens))
        elif any(map(tokens.take, _DEFAULTS)):
            _attributes(tokens)
        else:
            _statement(tokens, found)
        tokens.take(";")
    return found


def _statement(tokens: _Tokens, into: Part) -> None:
    name = tokens.word()
    if tokens.take("="):
        into.attributes[name] = tokens.word()
    elif tokens.take("->"):
        into.edges.append((name, tokens.word(), _attributes(tokens)))
    else:
        into.nodes.append((name, _attributes(tokens)))


def _attributes(tokens: _Tokens) -> dict[str, str]:
    found: dict[str, str] = {}
    if tokens.take("["):
        while not tokens.take("]"):
            name = tokens.word()
            tokens.want("=")
            found[name] = tokens.word()
            tokens.take(",")
    return found
