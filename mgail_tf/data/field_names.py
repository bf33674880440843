"""What people call the fields of a recording: one table for all kinds of files."""

from collections.abc import Iterable, Sequence
import re
from typing import NamedTuple

# Letter case, and what is neither letter nor digit, does not count: `nextObs` is `next_obs`.
SPELLINGS = {
    name: tuple(spellings.split())
    for name, spellings in {
        "observations": """observations observation obs ob obses observes obs_t o
            states state state_vector s""",
        "actions": "actions action acts act acs ac action_t a controls control commands command u",
        "next_observations": """next_observations next_observation next_obs next_ob obs_next
            observations_next observation_next next_states next_state states_next state_next
            new_observations new_obs new_states new_state obs_tp1 obs2 s2 next_s s_next s_prime""",
        "final_observations": """final_observations final_observation final_obs final_ob
            final_states final_state terminal_observations terminal_observation terminal_obs
            terminal_states terminal_state""",
        "rewards": "rewards reward rews rew rs r reward_t step_rewards step_reward",
        # The task has ended the episode.
        "terminated": """terminals terminal terminated terminations termination terminateds
            terminates is_terminal is_terminated term terms""",
        # The same the other way round.
        "not_terminated": """not_terminated not_terminal not_terminals nonterminals nonterminal
            not_dones not_done masks mask continues""",
        # The time limit has ended the episode, or it was given up.
        "truncated": """timeouts timeout time_outs time_out truncated truncations truncation
            truncateds truncates trunc is_truncated time_limit_truncated""",
        # Something has ended the episode: flags, or where the episodes end.
        "ended": """dones done is_done done_flags dones_float ended is_ended ends end is_last last
            episode_ends episode_end episode_done trajectory_ends traj_ends""",
        # Flags, or where the episodes start.
        "starts": """episode_starts episode_start starts start is_first first is_start begins
            episode_begins trajectory_starts traj_starts indices""",
        "episode": """episode episodes episode_id episode_ids episode_index episode_indices
            episode_idx episode_number episode_nr ep ep_id ep_idx eps_id trajectory trajectories
            trajectory_id trajectory_ids trajectory_index trajectory_idx traj traj_id traj_ids
            traj_idx rollout rollout_id demo demo_id""",
        # A clock that starts anew with each episode.
        "step": """step steps step_id step_index step_idx step_number timestep timesteps
            time_step time_steps frame frame_index time_index t time""",
        "lengths": """episode_lengths episode_length ep_lengths ep_lens ep_len lengths length
            trajectory_lengths traj_lengths traj_lens path_lengths num_steps""",
        # Known from the rewards.
        "returns": """episode_returns episode_return ep_returns ep_rets ep_ret returns
            episode_rewards episode_reward ep_rewards trajectory_returns traj_returns""",
    }.items()
}

# Names that are longer have no number at their end; to look for it would take long.
LONGEST = 200

# These may be given as parts: a column for each number, or a group of named arrays.
VECTORS = "observations", "actions", "next_observations", "final_observations"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


_FIELD_OF = {_plain(word): field for field, words in SPELLINGS.items() for word in words}
_ORDER = {_plain(word): place for words in SPELLINGS.values() for place, word in enumerate(words)}


def is_vector(name: str) -> bool:
    """Tells whether a group of this name would hold the parts of observations or actions."""
    return _FIELD_OF.get(_plain(name)) in VECTORS


class Spelling(NamedTuple):
    """One way in which a file gives a field.

    Attributes:
      label: what it is called.
      names: the arrays that make it; one, or its parts in their order.
      has_parts: whether these are parts of an observation or action.
      has_names: whether the parts have names of their own.
    """

    label: str
    names: Sequence[str]
    has_parts: bool = False
    has_names: bool = False


class Found(NamedTuple):
    """What was found among the names of a file.

    Attributes:
      fields: the ways in which each field is given, the most usual one first.
      gaps: fields of which only some numbers are there, as of `obs_0` and `obs_2`.
      unknown: names that are none of a field.
      parts: names of the parts that observations have.
    """

    fields: dict[str, list[Spelling]]
    gaps: dict[str, list[str]]
    unknown: list[str]
    parts: list[str]


def find(names: Iterable[str], keys: Sequence[str] = (), usual: Sequence[str] = ()) -> Found:
    """Finds the fields among the names of arrays or columns.

    Args:
      names: all of them; a slash or a full stop is between a group and its part.
      keys: which named parts make an observation, in this order.
      usual: the same where there are no keys, if all of them are there; otherwise all parts make
        an observation, in alphabetical order.
    """
    found = Found({}, {}, [], [])
    numbered: dict[str, dict[int, str]] = {}
    named: dict[str, dict[str, str]] = {}
    single = []
    for name in names:
        head, _, part = name.replace(".", "/", 1).partition("/")
        series = len(name) <= LONGEST and re.fullmatch(r"(.*?)[\W_]*(\d+)\W*", name)
        if series and _FIELD_OF.get(_plain(series[1])) in VECTORS:
            numbered.setdefault(series[1], {})[int(series[2])] = name
        elif part and _plain(name) not in _FIELD_OF and _FIELD_OF.get(_plain(head)) in VECTORS:
            named.setdefault(head, {})[part] = name
        else:
            single.append(name)
    for base, parts in numbered.items():
        ordered = [parts[index] for index in sorted(parts)]
        if sorted(parts) in (list(range(len(parts))), list(range(1, len(parts) + 1))):
            _add(found, base, Spelling(base, ordered, has_parts=True))
        elif all(_plain(name) in _FIELD_OF for name in ordered):
            single += ordered  # Not a second component, but a name: `obs2`.
        else:
            found.gaps.setdefault(_FIELD_OF[_plain(base)], []).extend(ordered)
    for head, parts in named.items():
        if _FIELD_OF[_plain(head)] == "observations":
            found.parts.extend(parts)
        taken = [key for key in keys if key in parts]
        if not keys:
            taken = list(usual) if usual and set(usual) <= set(parts) else sorted(parts)
        if taken:
            ordered = [parts[part] for part in taken]
            _add(found, head, Spelling(head, ordered, has_parts=True, has_names=True))
        found.unknown.extend(parts[part] for part in parts if part not in taken)
    for name in single:
        if _plain(name) in _FIELD_OF:
            _add(found, name, Spelling(name, [name]))
        else:
            found.unknown.append(name)
    for spellings in found.fields.values():
        spellings.sort(key=lambda spelling: _ORDER[_plain(spelling.label)])
    return found


def _add(found: Found, name: str, spelling: Spelling) -> None:
    found.fields.setdefault(_FIELD_OF[_plain(name)], []).append(spelling)
