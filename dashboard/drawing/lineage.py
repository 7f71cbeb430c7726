"""The lineage as a graph, in DOT: which table was made from which, and from what version."""

from collections.abc import Iterable
from itertools import starmap
from typing import Any

from dashboard import theme

Run = dict[str, Any]
"""A row of the question `newest_runs`."""


def dot(runs: Iterable[Run]) -> str:
    """Nodes: tables with the newest version that is known. Edges: what was read, at its version."""
    newest = {run["table_name"]: run for run in runs}
    edges = [
        (*source.rsplit("@", maxsplit=1), name)
        for name, run in newest.items()
        for source in run["sources"] or []
    ]
    versions = _versions(newest, edges)
    nodes = [_node(name, version, newest.get(name)) for name, version in sorted(versions.items())]
    arrows = starmap(_arrow, sorted(edges))
    return "\n".join([*HEAD, *nodes, *arrows, "}"])


HEAD = (
    "digraph lineage {",
    "  rankdir=LR; ranksep=0.9; nodesep=0.12; bgcolor=transparent;",
    f'  node [shape=box, style="filled,rounded", fontname=sans, fontsize=11, color="{theme.INK}",'
    f' fontcolor="{theme.INK}", penwidth=0.6, height=0.3, margin="0.12,0.05"];',
    '  edge [color="#7b8794", arrowsize=0.6, fontname=sans, fontsize=9, fontcolor="#4a5663"];',
)


def _versions(newest: dict[str, Run], edges: Iterable[tuple[str, str, str]]) -> dict[str, int]:
    """Of a table that no run wrote (the log): the newest that was read."""
    versions: dict[str, int] = {}
    for name, version, _ in edges:
        versions[name] = max(int(version), versions.get(name, 0))
    return versions | {name: run["version_written"] for name, run in newest.items()}


def _node(name: str, version: int | None, run: Run | None) -> str:
    layer = name.partition(".")[0]
    told = f"{name}\\nversion {version}" if version is not None else name
    tip = f"{run['run_name']}: {run['out_count']} rows" if run else "not written by a flow"
    fill = theme.LAYERS.get(layer, "#ffffff")
    return f'  {_text(name)} [label="{_escaped(told)}", fillcolor="{fill}", tooltip={_text(tip)}];'


def _arrow(source: str, version: str, name: str) -> str:
    tip = _text(f"{name} was made from version {version} of {source}")
    return f"  {_text(source)} -> {_text(name)} [edgetooltip={tip}, tooltip={tip}];"


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
