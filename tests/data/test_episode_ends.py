"""Where episodes end, and what ended them, whatever a recording tells of it."""

import pathlib

import numpy as np
import pytest
import walks
from walks import FIRST, LAST, LENGTHS, LIMIT, NEXT, NUMBERS, STEPS, TERMINALS, TIMEOUTS, arrays

from mgail_tf.data import episode_ends
from mgail_tf.data.episode_ends import Split
from mgail_tf.data.table_steps import steps_of
from mgail_tf.data.tables import Table, read_fields
from mgail_tf.errors import UserError


def split(values: dict[str, np.ndarray], time_limit: int | None = LIMIT) -> Split:
    table = Table(pathlib.Path("recording"), list(values), values.__getitem__)
    fields = read_fields(table)
    found = episode_ends.split(steps_of(table, fields), time_limit)
    return found._replace(notes=[*fields.notes, *found.notes])


@pytest.mark.parametrize(
    "told",
    [
        {"terminals": TERMINALS, "timeouts": TIMEOUTS},
        {"dones": LAST},
        {"dones": LAST, "timeouts": TIMEOUTS},
        {"dones": LAST, "terminals": TERMINALS},
        {"Done": LAST[:, None].astype(float), "TimeLimit.truncated": TIMEOUTS[:, None]},
        {"dones": LAST.astype(str)},
        {"not_done": ~TERMINALS, "timeouts": TIMEOUTS},
        {"is_first": FIRST.astype(int)},
        {"episode_starts": np.flatnonzero(FIRST)},
        {"episode_ends": np.cumsum(LENGTHS)},
        {"episode_ends": np.cumsum(LENGTHS) - 1},
        {"episode_lengths": np.array(LENGTHS)},
        {"episode": NUMBERS},
        {"episode_id": NUMBERS + 1.0},
        {"trajectory": np.array(["a", "b", "c", "d"])[NUMBERS]},
        {"timestep": STEPS},
        {"t": 0.02 * STEPS},
        {"episode": NUMBERS, "timestep": STEPS, "time": np.arange(len(STEPS))},
    ],
    ids=lambda told: ",".join(told),
)
@pytest.mark.parametrize("outcomes", [True, False])
def test_every_way_of_telling(told, outcomes):
    values = arrays(**told)
    if outcomes:
        values["next_observations"] = NEXT
    found = split(values)
    walks.check(found.episodes, outcomes)
    assert found.left_out == (0 if outcomes else len(LENGTHS))


@pytest.mark.parametrize(
    "written",
    [
        lambda following: following,
        lambda following: following.astype(np.float64),
        lambda following: following * (1 + 1e-6),
        lambda following: np.round(following, 2),
        lambda following: np.where(LAST[:, None], following, np.nan),
    ],
)
def test_episodes_end_where_the_next_observation_is_not_that_of_the_next_row(written):
    found = split(arrays(next_observations=written(NEXT), episode=NUMBERS))
    assert [len(episode.actions) for episode in found.episodes] == list(LENGTHS)
    if not np.isnan(written(NEXT)).any():
        found = split(arrays(next_observations=written(NEXT)))
        assert [len(episode.actions) for episode in found.episodes] == list(LENGTHS)
        assert "not those of the following row" in found.notes[0]


@pytest.mark.parametrize(("unit", "offset"), [(1e-6, 0.0), (1e6, 0.0), (1.0, 5.8e6)])
def test_next_observations_in_any_units(unit, offset):
    rng = np.random.default_rng(0)
    places = rng.uniform(-1.0, 1.0, (4, 11, 2)).cumsum(1) * unit + offset
    before, after = (part.reshape(40, 2) for part in (places[:, :-1], places[:, 1:]))
    found = split({"obs": before, "acts": np.zeros([40, 1]), "next_obs": after}, None)
    assert [len(episode.actions) for episode in found.episodes] == [10] * 4


def test_rows_in_turns_are_put_together():
    order = np.argsort(STEPS, kind="stable")
    for more in {}, {"step": STEPS}, {"next_obs": NEXT}:
        values = {name: array[order] for name, array in arrays(ep=NUMBERS, **more).items()}
        found = split(values)
        walks.check(found.episodes, outcomes="next_obs" in more)
        assert found.notes[0] == "rows in turns: put together by ep"


def test_a_number_of_an_episode_that_stands_for_two():
    twice = np.repeat([0, 1, 0, 1], LENGTHS)
    with pytest.raises(UserError, match="the episode in row 19 was there before.*of its own"):
        split(arrays(episode=twice))
    # The flags or the clock tell them apart; those of one number are together then.
    for told in {"dones": LAST}, {"timestep": STEPS}:
        found = split(arrays(episode=twice, **told))
        assert [len(e.actions) + 1 for e in found.episodes] == [LENGTHS[i] for i in (0, 2, 1, 3)]


def test_final_observations():
    ends = np.stack([episode.observations[-1] for episode in walks.EPISODES])
    walks.check(split(arrays(dones=LAST, final_observation=ends)).episodes)
    rows = np.full(NEXT.shape, np.nan)
    rows[LAST] = ends
    walks.check(split(arrays(dones=LAST, terminal_observation=rows)).episodes)


def test_an_observation_more_for_each_episode():
    observations = np.concatenate([episode.observations for episode in walks.EPISODES])
    values = arrays(dones=LAST) | {"observations": observations}
    walks.check(split(values).episodes)


@pytest.mark.parametrize("names", [["observations", "actions", "rewards"], ["observations"]])
def test_rows_of_nan_separate_episodes(names):
    places = np.cumsum(LENGTHS)[:-1]
    values = {
        name: np.insert(array, places, np.nan if name in names else 0.0, axis=0)
        for name, array in arrays().items()
    }
    walks.check(split(values).episodes, outcomes=False)


def test_a_row_without_an_action_shows_where_the_one_before_it_led():
    places = np.cumsum(LENGTHS)
    values = {
        "observations": np.concatenate([episode.observations for episode in walks.EPISODES]),
        "actions": np.insert(arrays()["actions"], places, np.nan, axis=0),
        "rewards": np.insert(arrays()["rewards"], places, 100.0),
        # The flag may be in either row.
        "is_terminal": np.insert(np.zeros(len(LAST), bool), places, walks.TERMINATED),
    }
    walks.check(split(values).episodes)


def test_what_vectors_of_environments_record_between_episodes():
    # The next observation at an episode's end is the first one of the next episode.
    following = NEXT.copy()
    following[:-1][LAST[:-1]] = arrays()["observations"][1:][LAST[:-1]]
    found = split(arrays(next_observations=following, dones=LAST))
    assert [len(episode.actions) for episode in found.episodes] == [6, 11, 4, 12]
    # A step more leads there.
    places = np.cumsum(LENGTHS)[:-1]
    values = {
        name: np.insert(array, places, 0, axis=0)
        for name, array in arrays(next_observations=NEXT, dones=LAST).items()
    }
    for episode, place in enumerate(places + np.arange(3)):
        values["observations"][place] = walks.EPISODES[episode].observations[-1]
        values["next_observations"][place] = walks.EPISODES[episode + 1].observations[0]
    found = split(values)
    walks.check(found.episodes)
    assert "3 steps that only lead from an episode to the next" in found.notes[0]


def test_flags_that_are_in_the_first_rows():
    for more in {}, {"next_observations": NEXT}:
        with pytest.raises(UserError, match="call them episode_starts"):
            split(arrays(dones=FIRST, **more))


def test_rows_in_no_order():
    order = np.random.default_rng(0).permutation(len(LAST))
    values = {name: array[order] for name, array in arrays(next_obs=NEXT, dones=LAST).items()}
    with pytest.raises(UserError, match="in the order in which they were recorded"):
        split(values)
    with pytest.raises(UserError, match="in the same units"):
        split(arrays(next_obs=100 * NEXT))


@pytest.mark.parametrize("told", [{}, {"terminals": TERMINALS}])
def test_an_episode_longer_than_the_time_limit_is_several(told):
    with pytest.raises(UserError, match="limit of 12, because not all ends of episodes are told"):
        split(arrays(**told))


def test_one_episode_that_nothing_tells():
    values = {name: array[:7] for name, array in arrays().items()}
    found = split(values)
    assert len(found.episodes) == 1 and not found.episodes[0].terminated
    assert "taken for one episode" in found.notes[0]


def test_longer_episodes_than_the_time_limit_are_said():
    assert any("do not compare" in note for note in split(arrays(dones=LAST), 10).notes)


@pytest.mark.parametrize(
    ("lengths", "time_limit", "terminated"),
    [
        # Sooner than the time limit, the task has ended them.
        ((3, 4, 6), 10, (True, True, True)),
        ((3, 10, 6), 10, (True, False, True)),
        # Many of the same length were cut there, whatever the environment's limit is.
        ((8, 8, 8), 10, (False, False, False)),
        ((8, 5, 8), None, (False, True, False)),
        ((4, 4, 6, 5), None, (True, True, True, True)),
        ((7,), None, (True,)),
    ],
)
def test_what_ended_episodes_where_only_their_ends_are_told(lengths, time_limit, terminated):
    rows = sum(lengths)
    dones = np.concatenate([np.arange(length) == length - 1 for length in lengths])
    values = {
        "obs": np.arange(rows)[:, None],
        "acts": np.zeros([rows, 1]),
        "dones": dones,
        "next_obs": np.arange(rows)[:, None] + 1 + 100 * dones[:, None],
    }
    found = split(values, time_limit)
    assert tuple(episode.terminated for episode in found.episodes) == terminated
    assert "not told (terminals and timeouts would tell it)" in found.notes[-1]


def test_dones_beside_timeouts_leave_nothing_to_guess():
    # At the time limit, but by the task.
    found = split(arrays(dones=LAST, timeouts=np.zeros(len(LAST), bool), next_obs=NEXT))
    assert all(episode.terminated for episode in found.episodes)
    assert not any("not told" in note for note in found.notes)


def test_flags_of_terminations_count_whatever_the_lengths_are():
    for told in {"terminals": TIMEOUTS, "timeouts": TERMINALS}, {"not_done": ~TIMEOUTS}:
        found = split(arrays(next_obs=NEXT, **told))
        assert [episode.terminated for episode in found.episodes] == [False, True, False, True]
    assert "all terminations are at the time limit of 12" in found.notes[-1]
    assert "all terminations" not in split(arrays(masks=~TERMINALS, next_obs=NEXT)).notes[-1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (arrays(dones=2 * LAST), r"dones must be 0 or 1.*not 2 \(row 6\)"),
        (arrays(terminals=np.where(LAST, np.nan, 0)), r"terminals must be 0 or 1.*nan \(row 6\)"),
        (arrays(timeouts=np.where(LAST, np.nan, 0)), r"timeouts must be 0 or 1.*nan \(row 6\)"),
        (arrays(not_done=np.where(LAST, np.nan, 1)), r"not_done must be 0 or 1.*nan \(row 6\)"),
        (arrays(is_first=np.where(FIRST, np.nan, 0)), r"is_first must be 0 or 1.*nan \(row 0\)"),
        (arrays(rewards=np.zeros(35)), "a row for each step; they have: .*rewards 35"),
        (arrays(observations=arrays()["observations"].T), "seem to be transposed"),
        ({"obs": NEXT.T, "act": NEXT.T[:2], "rews": STEPS}, "obs seem to be transposed"),
        (arrays(obs=1 + arrays()["observations"]), "observations and obs, which differ"),
        (arrays(done=LAST, dones=FIRST), "dones and done, which differ"),
        (arrays(episode=np.where(NUMBERS == 1, np.nan, 0)), "episode is missing in row 7"),
        ({"qpos": NEXT, "actions": NEXT}, "no observations; they may be called observations, obs"),
        ({"obs_0": NEXT[:, 0], "obs_2": NEXT[:, 0], "act": NEXT}, "only obs_0, obs_2 of its obs"),
        (arrays(dones=LAST, final_obs=NEXT[:3]), "final_obs must have a row for each step or"),
        (arrays(dones=LAST, episode_starts=np.array([0, 40])), "numbers of rows up to 35"),
        (arrays(episode_lengths=np.array([7, 12])), "episode_lengths add up to 19, .* 36 rows"),
        (arrays(dones=LAST | True, next_obs=walks.ON), "dones say that an episode ends in most"),
        (arrays(done=~LAST, next_obs=NEXT), "within episodes is called not_done"),
        (arrays(rewards=NEXT), "rewards must be one number a row"),
    ],
)
def test_recordings_that_make_no_sense(values, message):
    with pytest.raises(UserError, match=message):
        split({name: np.asarray(array) for name, array in values.items()})


def test_what_tells_of_the_whole_file_is_left_out():
    of_file = {"episodes": np.array(4), "steps": np.array(LENGTHS), "length": np.array([99])}
    walks.check(split(arrays(dones=LAST, **of_file)).episodes, outcomes=False)


def test_a_field_that_is_there_twice_with_the_same_values():
    values = arrays(dones=LAST, next_observations=NEXT)
    walks.check(split(values | {"obs": values["observations"], "done": LAST[:, None]}).episodes)
