"""Bytes as texts, for states that are written as JSON."""

import base64
from collections.abc import Iterable, Mapping


def all_texts(contents: Iterable[bytes]) -> list[str]:
    """Returns texts that `all_contents` turns back."""
    return [base64.b64encode(each).decode() for each in contents]


def all_contents(texts: Iterable[str]) -> list[bytes]:
    """Returns what texts were made of."""
    return [base64.b64decode(each) for each in texts]


def texts(files: Mapping[str, bytes]) -> dict[str, str]:
    """Returns the texts of files, by their names."""
    return dict(zip(files, all_texts(files.values()), strict=True))


def files(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Returns the files of texts, by their names."""
    return dict(zip(texts, all_contents(texts.values()), strict=True))
