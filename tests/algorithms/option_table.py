"""Tables of what each option changes."""

from collections.abc import Callable, Iterable, Sequence
import dataclasses
from typing import Any

from mgail_tf import config as configs


@dataclasses.dataclass
class Row:
    """An option, a value that is not its default, and what differs from a run without it."""

    option: str
    value: Any
    changes: dict[str, Any]


def check_complete(rows: Iterable[Row], options: type) -> None:
    """Checks that there is a row for every option of a learner."""
    fields = {
        field.name
        for group in configs.option_groups(options).values()
        for field in dataclasses.fields(group)
    }
    assert {row.option for row in rows} == fields


def check(rows: Sequence[Row], observe: Callable[..., dict[str, Any]]) -> None:
    """Checks that each option changes what its row says, and nothing else that can be seen.

    Options that change different things are tried together, since a learner takes long to build.

    Args:
      rows: the table.
      observe: takes options, and returns all that can be seen of a run, by name.
    """
    without = observe()
    for group in _group(rows):
        expected = without.copy()
        for row in group:
            assert all(without[name] != value for name, value in row.changes.items()), row
            expected |= row.changes
        settings = {row.option: row.value for row in group}
        observed = observe(**settings)
        wrong = {
            name: (observed[name], expected[name])
            for name in expected
            if observed[name] != expected[name]
        }
        assert not wrong, (wrong, settings)


def _group(rows: Sequence[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in rows:
        for members in groups:
            if not any(row.changes.keys() & member.changes.keys() for member in members):
                members.append(row)
                break
        else:
            groups.append([row])
    return groups
