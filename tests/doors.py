"""What the source says about the texts that reach a page.

A page may show Markdown that is a literal, a sentence put together of literals and of what the
door returned, or a value of the door's type. This reads the syntax tree and finds the rest.
mypy holds the other half: a function that says that it returns `Markdown` does.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


DOOR = ROOT / "pages" / "components" / "text.py"

LABEL = ((0, "label"),)
SHOWN = {
    **{
        name: ((0, "body"),)
        for name in (
            "markdown", "caption", "header", "subheader", "error", "info", "warning",
            "success", "toast", "ours",
        )
    },
    **{
        name: LABEL
        for name in (
            "button", "checkbox", "download_button", "expander", "file_uploader",
            "form_submit_button", "multiselect", "number_input", "date_input", "pills",
            "popover", "radio", "segmented_control", "selectbox", "slider", "status",
            "text_area", "text_input", "time_input", "toggle", "dialog", "spinner",
        )
    },
    "title": ((0, "name"), (1, "finding")),
    "select": LABEL,
    "steps": LABEL,
    "words": LABEL,
    "reference": LABEL,
    "spreadsheet": LABEL,
    "follow": ((1, "doing"),),
    "ready": ((0, "name"),),
    "metric": ((0, "label"), (1, "value"), (2, "delta")),
    "progress": ((1, "text"),),
    "page_link": ((1, "label"),),
    "tabs": ((0, "tabs"),),
}  # fmt: skip
"""Method to the arguments that it shows as Markdown, by place and name; `help` is one of all."""
CHOICES = {"pills", "radio", "segmented_control"}
"""Show their options as Markdown."""
FORBIDDEN = {
    "write", "link_button", "iframe", "image", "table", "json", "code", "html", "LinkColumn",
    "ImageColumn", "MarkdownColumn", "JsonColumn", "badge", "latex", "text_markdown", "logo",
    "video", "audio", "mermaid_chart", "graphviz_chart",
}  # fmt: skip
"""Ways to markup or to an address that no page needs."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """An expression that is shown and may hold anything."""

    path: Path
    node: ast.expr
    where: str

    def __str__(self) -> str:
        line = f"{self.path.relative_to(ROOT)}:{self.node.lineno}"
        return f"{line} {self.where}: {ast.unparse(self.node)}"


def returns_markdown(path: Path) -> set[str]:
    """Functions of a module that promise the door's type, or a number."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and _is_markdown(node.returns)
    }


def _is_markdown(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.Name) and annotation.id in {"int", "float"}:
        return True
    return annotation is not None and any(
        isinstance(part, ast.Name) and part.id == "Markdown" for part in ast.walk(annotation)
    ) and not any(isinstance(part, ast.Name) and part.id == "str" for part in ast.walk(annotation))  # fmt: skip


MARKDOWN_OF = {path.stem: returns_markdown(path) for path in PAGES}
"""Module to its functions that promise the door's type, or a number."""


class Page:
    """One module, with what is known of its names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.parents = {c: p for p in ast.walk(self.tree) for c in ast.iter_child_nodes(p)}
        self.own = MARKDOWN_OF.get(path.stem) or returns_markdown(path)
        self.imported = {
            alias.asname or alias.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pages.")
            for alias in node.names
            if alias.name in MARKDOWN_OF.get((node.module or "").rpartition(".")[2], ())
        }

    def unproved(self) -> Iterator[Unproved]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield from self._of_call(node)

    def _of_call(self, call: ast.Call) -> Iterator[Unproved]:
        name = called(call)
        for where, shown in self._shown(name, call):
            for bad in self.doubts(shown):
                yield Unproved(self.path, bad, f"{name}({where})")

    def _shown(self, name: str, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
        named = {k.arg: k.value for k in call.keywords if k.arg}
        for place, arg in SHOWN.get(name, ()):
            if place < len(call.args):
                yield arg, call.args[place]
            elif arg in named:
                yield arg, named[arg]
        if "help" in named:
            yield "help", named["help"]
        if name in CHOICES and "format_func" in named:
            yield "format_func", named["format_func"]
        elif name in CHOICES and len(call.args) > 1:
            yield "options", call.args[1]

    def doubts(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> list[ast.expr]:
        """Parts of an expression that may hold anything."""
        match node:
            case ast.Constant():
                return []
            case ast.JoinedStr(values=values):
                return [d for value in values for d in self.doubts(value, seen)]
            case ast.FormattedValue(format_spec=spec) if spec is not None and _is_number(spec):
                return []
            case ast.FormattedValue(value=value, format_spec=None):
                return self.doubts(value, seen)
            case ast.BinOp(op=ast.Sub() | ast.Div() | ast.FloorDiv()):
                return []  # no text can be taken from another or divided
            case ast.BinOp(left=left, right=right):
                return self.doubts(left, seen) + self.doubts(right, seen)
            case ast.IfExp(body=body, orelse=orelse):
                return self.doubts(body, seen) + self.doubts(orelse, seen)
            case ast.BoolOp(values=values):
                return [d for value in values for d in self.doubts(value, seen)]
            case ast.List(elts=values) | ast.Tuple(elts=values):
                return [d for value in values for d in self.doubts(value, seen)]
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                return self.doubts(element, seen)
            case ast.Lambda(body=body):
                return self.doubts(body, seen)
            case ast.Starred(value=value):
                return self.doubts(value, seen)
            case ast.Dict(values=values):
                return [d for value in values for d in self.doubts(value, seen)]
            case ast.Subscript(value=value):
                return self.doubts(value, seen) and [node]
            case ast.Call():
                return self._of_result(node, seen)
            case ast.Name(id=name):
                return self._of_name(node, name, seen)
        return [node]

    def _of_result(self, call: ast.Call, seen: frozenset[str]) -> list[ast.expr]:
        func = call.func
        if isinstance(func, ast.Name) and (
            func.id in {"len", "sum", "int", "round", "Markdown"}
            or func.id in self.own | self.imported
        ):
            return []
        if isinstance(func, ast.Attribute):
            if isinstance(func.value, ast.Name) and func.attr in MARKDOWN_OF.get(
                func.value.id, ()
            ):
                return []
            if func.attr == "join" and isinstance(func.value, ast.Constant):
                return [d for arg in call.args for d in self.doubts(arg, seen)]
        return [call]

    def _of_name(self, node: ast.expr, name: str, seen: frozenset[str]) -> list[ast.expr]:
        if name in seen:
            return []
        home = self._home(node)
        held = list(_held(home, name))
        if not held and not isinstance(home, ast.Module):
            held = list(_held(self.tree, name))
        if not held or any(value is None for value in held):
            return [node]
        found = []
        for value in held:
            doubts = self.doubts(value, seen | {name}) if value is not None else []
            # What is wholly unknown is named where it is shown: it may be more than a text.
            found += [node] if doubts == [value] else doubts
        return found

    def _home(self, node: ast.AST) -> ast.AST:
        while not isinstance(node, ast.FunctionDef | ast.Module):
            node = self.parents[node]
        return node


def called(call: ast.Call) -> str:
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _is_number(spec: ast.expr) -> bool:
    """A format that only numbers and dates take; of text it is an error."""
    text = "".join(
        part.value if isinstance(part, ast.Constant) else ""
        for part in getattr(spec, "values", [])
    )
    return text.endswith(("f", "%", "d", ",", "g")) or re.search(r"%[a-zA-Z]", text) is not None


def _held(home: ast.AST, name: str) -> Iterator[ast.expr | None]:
    """Everything that a name may hold in a function; None is what is not known."""
    for node in ast.walk(home):
        match node:
            case ast.arg(arg=arg, annotation=annotation) if arg == name:
                trusted = _is_markdown(annotation) or _is_asked_of_callers(home, name)
                yield ast.Constant("") if trusted else None
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _of_target(target, value, name)
            case ast.AnnAssign(
                target=ast.Name(id=found), value=value, annotation=annotation
            ) if found == name:
                yield ast.Constant("") if _is_markdown(annotation) else value
            case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="append" | "extend"),
                args=[value],
            ) if found == name:
                yield value
            case (
                ast.For(target=target, iter=over) | ast.comprehension(target=target, iter=over)
            ):
                yield from _of_target(target, over, name, each=True)


def _is_asked_of_callers(home: ast.AST, name: str) -> bool:
    """A parameter of ours that is shown: whoever calls is held to it, as with Streamlit's own."""
    shown = SHOWN.get(home.name, ()) if isinstance(home, ast.FunctionDef) else ()
    return bool(shown) and name in {"help", *(arg for _, arg in shown)}


def _of_target(
    target: ast.expr, value: ast.expr, name: str, *, each: bool = False
) -> Iterator[ast.expr | None]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple | ast.List):
        rows = value.elts if each and isinstance(value, ast.Tuple) else [value]
        for place, part in enumerate(target.elts):
            if isinstance(part, ast.Name) and part.id == name:
                for row in rows:
                    inside = isinstance(row, ast.Tuple) and place < len(row.elts)
                    yield row.elts[place] if inside and (not each or row is not value) else None
