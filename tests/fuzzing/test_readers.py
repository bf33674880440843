"""What is promised of each reader of files, on files that are drawn, and on those that broke it."""

import pathlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest
from readers import READERS, keep_promise

# Files that have broken a reader once, by its name.
FOUND = sorted(pathlib.Path(__file__).parent.glob("found/*/*"))


@pytest.mark.parametrize("name", READERS)
def test_whatever_is_in_files_is_read_or_refused_in_one_line(name):
    reader, accepted = READERS[name], []

    @settings(
        max_examples=30 if name == "saved_model" else 120,  # TensorFlow takes long.
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def keeps(data):
        accepted.append(keep_promise(reader, data.draw(reader.files)))

    keeps()
    # Neither is everything refused, nor nothing.
    assert 0 < sum(accepted) < len(accepted)


@pytest.mark.parametrize("folder", FOUND, ids=lambda folder: f"{folder.parent.name} {folder.name}")
def test_what_broke_a_reader_once_is_refused(folder):
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert files and not keep_promise(READERS[folder.parent.name], files)
