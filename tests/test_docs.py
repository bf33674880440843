"""What the documents say is so: links lead somewhere, quoted code is where they say it is.

To see what a renaming has broken: python -m pytest tests/test_docs.py. A failure names the row's
symbol and the code that is most like the quoted one.
"""

import ast
import difflib
import pathlib
import re
from typing import NamedTuple

import pytest

ROOT = pathlib.Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("expert_data/*.md")]
GUIDE = ROOT / "docs" / "readers_guide.md"
EQUATIONS = range(1, 14)


class Quote(NamedTuple):
    """Code that the reader's guide quotes.

    Attributes:
      paper: the row's first cell, the place in the paper.
      symbol: the link's text, the file's stem and a dotted name in the file.
      file: the link's target.
      code: what is said to be there; empty if nothing is quoted.
    """

    paper: str
    symbol: str
    file: str
    code: str


def table_rows():
    """The cells of each row that the guide's tables have."""
    lines = [line for line in GUIDE.read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def quotes():
    """Each code span of a row belongs to the last link before it."""
    found = []
    for paper, *cells in table_rows():
        links = r"\[`([\w.]+)`\]\(([^)]+)\)((?:(?!\[`).)*)"
        for symbol, file, text in re.findall(links, " ".join(cells)):
            codes = re.findall("`([^`]+)`", text) or [""]
            found += [Quote(paper, symbol, file, code) for code in codes]
    return found


def definition(text, name):
    """The source of a function, class or method, by its dotted name.

    Raises:
      AssertionError: there is none.
    """
    node = ast.parse(text)
    for part in name.split("."):
        kinds = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
        defined = {child.name: child for child in node.body if isinstance(child, kinds)}
        assert part in defined, f"no {part!r} of {name!r} among {', '.join(defined)}"
        node = defined[part]
    return ast.get_source_segment(text, node)


def quoted_definition(quote) -> str:
    """The source of what a quote is said to be in."""
    file = GUIDE.parent / quote.file
    stem, _, name = quote.symbol.partition(".")
    assert stem == file.stem, f"{quote.symbol} is linked to {file.name}"
    return definition(file.read_text(), name) or ""


def one_line(code):
    return " ".join(code.split())


def anchors(document):
    """What GitHub calls a document's headings in links."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_to_files_and_headings(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = document.parent / file if file else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("quote", quotes(), ids=lambda quote: f"{quote.paper}: {quote.code}")
def test_quoted_code_is_in_the_symbol_that_the_guide_names(quote):
    assert quote.code, f"the guide quotes nothing of {quote.symbol}"
    source = quoted_definition(quote)
    [like] = difflib.get_close_matches(quote.code, source.splitlines(), 1, 0.0)
    assert one_line(quote.code) in one_line(source), f"most like it is {like.strip()!r}"


def test_every_equation_is_in_the_guide():
    found = set()
    for paper, *_ in table_rows():
        for first, last in re.findall(r"Eq\. (\d+)(?:-(\d+))?", paper):
            found |= set(range(int(first), int(last or first) + 1))
    assert found == set(EQUATIONS)


def test_a_newcomer_finds_equation_11():
    [quote] = [quote for quote in quotes() if "Eq. 11" in quote.paper]
    assert quote.symbol == "objective.unroll"
    # Whoever goes there reads of the equation again, and sees the real state and the model's.
    assert "Eq. 11" in quoted_definition(quote)
    for term in "next_observation", "prediction":
        assert term in quote.code
