"""What the documents say is so: links, and lines of code."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("expert_data/*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_linked_files_exist(document):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_readers_guide_leads_to_the_lines_it_shows():
    guide = ROOT / "docs" / "readers_guide.md"
    links = re.findall(r"\[`([^`]+)`\]\(([^#)]+)#L(\d+)\)", guide.read_text())
    assert len(links) > 12
    for code, file, number in links:
        lines = (guide.parent / file).read_text().splitlines()
        places = [n for n, line in enumerate(lines, 1) if line.strip().startswith(code)]
        assert int(number) in places, f"{code!r} is at {places} of {file}, not at {number}"
