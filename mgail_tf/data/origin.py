"""Where demonstrations or a policy come from: which environment, as they say themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium
from gymnasium import spaces
import minari
import numpy as np

import mgail_tf
from mgail_tf import strict_json
from mgail_tf.data.measurements import Measurements
from mgail_tf.envs import space_json

# The entry of a Minari dataset's metadata that has what Minari does not keep.
METADATA = "mgail_tf"

# What records, limits or watches an environment, and leaves actions and observations alone.
HARMLESS_WRAPPERS = {
    "DataCollector",
    "FlattenObservation",
    "OrderEnforcing",
    "PassiveEnvChecker",
    "RecordEpisodeStatistics",
    "RecordVideo",
    "TimeLimit",
}


class Origin(NamedTuple):
    """What is known of where demonstrations or a policy come from; None where nothing is.

    Attributes:
      env_id: the environment's id.
      imported_for: the id of the environment that a recording was said to be of when it was
        imported; the recording itself said nothing.
      wrappers: names of wrappers that were put around it, outside of what its id makes.
      kwargs: what it was made with.
      observation_space, action_space: its spaces.
      version: of mgail_tf, which wrote this.
      fingerprint: of the demonstrations.
      measured: what the demonstrations are like.
    """

    env_id: str | None = None
    imported_for: str | None = None
    wrappers: tuple[str, ...] = ()
    kwargs: dict[str, Any] | None = None
    observation_space: gymnasium.Space | None = None
    action_space: gymnasium.Space | None = None
    version: str | None = None
    fingerprint: str | None = None
    measured: Measurements | None = None

    def to_json(self) -> dict[str, Any]:
        """The origin as values that JSON has; what cannot be written down is left out."""
        values = self._asdict() | {
            "wrappers": list(self.wrappers),
            "observation_space": _space_json(self.observation_space),
            "action_space": _space_json(self.action_space),
            "measured": self.measured and self.measured.to_json(),
        }
        return values | {"kwargs": _plain(self.kwargs or {})}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Origin:
        """What `to_json` made these values of; entries that are not known are left out.

        Raises:
          ValueError: it has made no such values.
        """
        strict_json.check(values, dict)
        known: dict[str, Any] = {
            name: value for name, value in values.items() if name in cls._fields and value
        }
        for name, value in known.items():
            strict_json.check(value, FORMS[name], f"`{name}`")
        for name in "observation_space", "action_space":
            if name in known:
                known[name] = space_json.from_json(known[name])
        if "measured" in known:
            known["measured"] = Measurements.from_json(known["measured"])
        known["wrappers"] = tuple(known.get("wrappers", ()))
        if "kwargs" in known:
            known["kwargs"] = _plain(known["kwargs"]) or None
        return cls(**known)


# What `to_json` writes, where it is known.
FORMS = {
    "env_id": str,
    "imported_for": str,
    "wrappers": [str],
    "kwargs": dict,
    "observation_space": dict,
    "action_space": dict,
    "version": str,
    "fingerprint": str,
    "measured": dict,
}


def of_environment(env: gymnasium.Env) -> Origin:
    """The origin of what is made in an environment now."""
    return _of_spec(env.spec)._replace(
        observation_space=env.observation_space,
        action_space=env.action_space,
        version=mgail_tf.__version__,
    )


def of_dataset(data: minari.MinariDataset) -> Origin:
    """The origin that a Minari dataset tells, whoever wrote it."""
    metadata: dict[str, Any] = data.storage.metadata
    own = Origin.from_json(metadata.get(METADATA) or {})
    if own.imported_for:
        return own  # What else the dataset says is of the environment that it was imported for.
    spec = _of_spec(data.env_spec)._asdict()
    known = {name: value for name, value in own._asdict().items() if value}
    return Origin(**spec | known)._replace(
        observation_space=data.observation_space, action_space=data.action_space
    )


def differences(recorded: Origin, env: gymnasium.Env) -> list[str]:
    """What an origin says otherwise than an environment does: phrases, none if nothing is."""
    here, found = of_environment(env), []
    if recorded.env_id and here.env_id and recorded.env_id != here.env_id:
        found.append(f"made in {recorded.env_id}, not in {here.env_id}")
    if recorded.imported_for and here.env_id and recorded.imported_for != here.env_id:
        found.append(f"imported for {recorded.imported_for}, not for {here.env_id}")
    behind = set(recorded.wrappers) - set(here.wrappers) - HARMLESS_WRAPPERS
    if behind:
        found.append(f"made behind {', '.join(sorted(behind))}")
    for name, value in (recorded.kwargs or {}).items():
        current = _plain(here.kwargs or {}).get(name)
        if name != "render_mode" and value != current:
            found.append(f"made with {name}={value}, here {current}")
    if _bounds_differ(recorded.action_space, env.action_space):
        found.append(
            f"its actions' bounds are {_bounds(recorded.action_space)}, "
            f"here {_bounds(env.action_space)}"
        )
    return found


def _of_spec(spec: Any) -> Origin:
    if spec is None:
        return Origin()
    wrappers = tuple(wrapper.name for wrapper in spec.additional_wrappers)
    return Origin(env_id=spec.id, wrappers=wrappers, kwargs=_plain(spec.kwargs))


def _plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Those arguments that JSON has."""
    return {
        name: value
        for name, value in kwargs.items()
        if isinstance(value, str | bool | int | float) or value is None
    }


def _space_json(space: gymnasium.Space | None) -> dict[str, Any] | None:
    try:
        return space and space_json.to_json(space)
    except TypeError:
        return None


def _bounds_differ(recorded: gymnasium.Space | None, here: gymnasium.Space) -> bool:
    """Whether bounds differ; infinite ones say nothing."""
    if not isinstance(recorded, spaces.Box) or not isinstance(here, spaces.Box):
        return False
    for one, other in (recorded.low, here.low), (recorded.high, here.high):
        one, other = one.ravel().astype(np.float64), other.ravel().astype(np.float64)
        known = np.isfinite(one) & np.isfinite(other)
        if not np.allclose(one[known], other[known], rtol=1e-4, atol=0.0):
            return True
    return False


def _bounds(space: Any) -> str:
    def short(values: np.ndarray) -> str:
        unique = np.unique(values)
        return f"{unique[0]:g}" if len(unique) == 1 else f"[{', '.join(f'{v:g}' for v in unique)}]"

    return f"{short(space.low)} to {short(space.high)}"
