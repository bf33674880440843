"""MGAIL: model-based generative adversarial imitation learning (Baram et al., ICML 2017).

What a program of one's own needs is offered here; it is imported when it is first used, because
TensorFlow takes seconds.
"""

import contextlib
import importlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mgail_tf.config import make as make_config
    from mgail_tf.data.demonstrations import load as load_demonstrations
    from mgail_tf.data.experts import demonstrations as expert_demonstrations
    from mgail_tf.envs.make import make_environment
    from mgail_tf.errors import UserError
    from mgail_tf.loaded_policy import load as load_policy
    from mgail_tf.training.build import make_trainer

__version__ = "0.2.0"

__all__ = [
    "UserError",
    "expert_demonstrations",
    "load_demonstrations",
    "load_policy",
    "make_config",
    "make_environment",
    "make_trainer",
]

_PLACES = {
    "UserError": ("errors", "UserError"),
    "expert_demonstrations": ("data.experts", "demonstrations"),
    "load_demonstrations": ("data.demonstrations", "load"),
    "load_policy": ("loaded_policy", "load"),
    "make_config": ("config", "make"),
    "make_environment": ("envs.make", "make_environment"),
    "make_trainer": ("training.build", "make_trainer"),
}


def _load_triton_first() -> None:
    """Loads triton, if it is installed, before TensorFlow: the other way round the process crashes.

    On Linux torch brings triton, and loads it when its first optimizer is made. Who uses
    stable-baselines3 and this package in one program would meet the crash there, and has to import
    this package first: stable-baselines3 imports TensorFlow. A triton that does not work is left
    alone.
    """
    if "tensorflow" not in sys.modules and importlib.util.find_spec("triton"):
        with contextlib.suppress(Exception):
            importlib.import_module("triton")


_load_triton_first()


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"mgail_tf has no {name!r}; it offers {', '.join(__all__)}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(f"mgail_tf.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
