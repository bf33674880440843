import pytest

from mgail_tf.data import field_names
from mgail_tf.data.field_names import SPELLINGS, Spelling, find


def test_each_field_has_eight_names_and_each_name_one_field():
    assert all(len(names) >= 8 for names in SPELLINGS.values())
    names = [name for names in SPELLINGS.values() for name in names]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("field", SPELLINGS)
def test_every_name_is_understood_however_it_is_written(field):
    for name in SPELLINGS[field]:
        for written in name, name.upper(), name.title(), name.replace("_", " "):
            found = find([written, "something_else"])
            assert found.fields == {field: [Spelling(written, [written])]}
            assert found.unknown == ["something_else"]


@pytest.mark.parametrize("numbers", ["012", "123", "0"])
@pytest.mark.parametrize("form", ["obs_{}", "OBS[{}]", "obs{}", "obs.{}"])
def test_numbered_parts(numbers, form):
    names = [form.format(number) for number in numbers]
    [spelling] = find(names[::-1]).fields["observations"]
    assert spelling.names == names and spelling.has_parts and not spelling.has_names


def test_ten_parts_are_in_the_order_of_their_numbers():
    names = [f"state_{number}" for number in range(12)]
    assert find(sorted(names)).fields["observations"][0].names == names


def test_gaps_between_numbered_parts():
    found = find(["obs_0", "obs_2"])
    assert found.gaps == {"observations": ["obs_0", "obs_2"]} and not found.fields


def test_a_number_may_belong_to_the_name():
    found = find(["obs", "obs2", "act"])
    assert found.fields["next_observations"] == [Spelling("obs2", ["obs2"])]
    assert found.fields["observations"] == [Spelling("obs", ["obs"])]


def test_named_parts():
    names = ["obs/gripper", "obs/arm", "next_obs/gripper", "infos/obs", "TimeLimit.truncated"]
    found = find(names)
    [spelling] = found.fields["observations"]
    assert spelling.names == ["obs/arm", "obs/gripper"] and spelling.has_names
    assert found.fields["next_observations"][0].names == ["next_obs/gripper"]
    assert found.fields["truncated"] == [Spelling("TimeLimit.truncated", ["TimeLimit.truncated"])]
    assert found.unknown == ["infos/obs"]
    chosen = find([*names, "obs/base"], keys=("gripper", "arm"))
    assert chosen.fields["observations"][0].names == ["obs/gripper", "obs/arm"]
    assert chosen.unknown == ["obs/base", "infos/obs"]


def test_all_ways_of_giving_a_field_are_found_the_most_usual_first():
    labels = [spelling.label for spelling in find(["state", "obs"]).fields["observations"]]
    assert labels == ["obs", "state"]
    assert field_names.SPELLINGS["observations"][0] == "observations"
