"""Print the page of methods, from their docstrings: `make docs` writes it to docs/methods.md."""

import inspect
import re

from docstring_parser import parse

from dealias import find

OPENING = """# Methods

Made by `make docs` from the docstrings. A method is named by its file: `dealias.load("wavelet")`, or
`dealias reconstruct IN -o OUT --method wavelet`; its arguments are `--method.NAME VALUE`.
"""


def section(name):
    """Return one method's part of the page."""
    kind = find.method(name)
    about, constructor = parse(inspect.getdoc(kind)), inspect.signature(kind).parameters
    # references stand behind bars, which Markdown would take for a table
    text = re.sub(r"^\| (.*)", r"> \1  ", inspect.getdoc(inspect.getmodule(kind)), flags=re.M)
    takes = "a film" if "time" in kind.joint else "an image"
    use = " Here to compare with: others make better images." if kind.for_comparison else ""
    lines = [f"## {name}", "", text, "", f"{about.short_description} One problem is {takes}.{use}"]
    helps = {item.arg_name: " ".join(item.description.split()) for item in about.params}
    if constructor:
        lines += ["", "| argument | default | |", "|---|---|---|"]
    lines += [f"| `{key}` | `{value.default}` | {helps.get(key, '')} |" for key, value in constructor.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(OPENING)
    print("\n\n".join(section(name) for name in find.names("methods")))
