"""The settings of a run: what to imitate, how to learn it, and what to report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import dataclasses
import typing
from typing import Any

from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.errors import UserError
from mgail_tf.options import Options, option
from mgail_tf.tasks import TASKS

DEFAULT_STEPS = 100_000


@dataclasses.dataclass(frozen=True)
class Run(Options):
    """What is imitated, by which algorithm, and for how long."""

    env: str = option(None, "a task of the paper, or with --expert_data any gymnasium id")
    expert_data: str | None = option(
        None, "demonstrations: a Minari dataset's id or folder, or a recording"
    )
    num_trajectories: int = option(
        0, "demonstrated trajectories to use; 0: all (a task: the paper's smallest number)"
    )
    subsample: int = option(1, "keep every k-th demonstrated pair only", 1)
    accept_mismatch: bool = option(
        False, "train even if data or the initial policy seem to be of another environment"
    )
    total_steps: int = option(
        DEFAULT_STEPS,
        "budget of environment steps (a task has its own; twice that with subsample)",
        1,
    )
    seed: int = option(0, "seed of everything that the run draws")
    algorithm: str = option(
        "mgail",
        "what learns; bc is behavioural cloning, gail has no model",
        choices=("mgail", "bc", "gail"),
    )
    initial_policy: str | None = option(
        None, "start from this policy: a run folder, or a SavedModel that a run has exported"
    )
    preset: str = option(
        "default",
        "default is our recipe; paper is the loop of the paper's authors",
        choices=("default", "paper"),
    )


@dataclasses.dataclass(frozen=True)
class Reporting(Options):
    """How often the run is looked at and saved. Nothing in training depends on it."""

    evaluate_every: int = option(0, "environment steps between evaluations; 0: 20 in all")
    evaluation_episodes: int = option(10, "episodes of each evaluation during training", 1)
    final_episodes: int = option(50, "episodes of the final evaluation", 1)
    checkpoint_minutes: float = option(
        2.0, "minutes between checkpoints, besides one at each evaluation; 0: none besides"
    )
    film_every: int = option(10, "evaluations between filmed episodes in TensorBoard; 0: none")
    export: str = option(
        "closest",
        "export the last policy, or the newest of the closest to the expert",
        choices=("closest", "last"),
    )


LearnerOptions = MGAILOptions | AuthorsOptions | CloningOptions | GAILOptions

# By algorithm and preset. The name is what an error message calls it.
LEARNERS: dict[tuple[str, str], tuple[str, type[LearnerOptions]]] = {
    ("mgail", "default"): ("mgail", MGAILOptions),
    ("mgail", "paper"): ("the authors' loop (`preset=paper`)", AuthorsOptions),
    ("bc", "default"): ("behavioural cloning (`algorithm=bc`)", CloningOptions),
    ("gail", "default"): ("GAIL (`algorithm=gail`)", GAILOptions),
}

# The authors' policy comes to the expert on Hopper after 2.2 million steps.
PAPER_STEPS = 3_000_000
# Without a model it needs many.
GAIL_STEPS = 3_000_000


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings of a run.

    Attributes:
      run: what is imitated.
      reporting: how it is reported.
      learner: the options of the algorithm.

    Raises:
      UserError: the budget is too small for the algorithm.
    """

    run: Run
    reporting: Reporting
    learner: LearnerOptions

    def __post_init__(self):
        self.learner.check_budget(self.run.total_steps)

    def flat(self) -> dict[str, Any]:
        """Every setting by its flag's name; tuples are lists, as in JSON."""
        settings = {}
        for group in (self.run, self.reporting, *_parts(self.learner)):
            settings |= dataclasses.asdict(group)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in settings.items()
        }


def make(env: str, **settings: Any) -> Config:
    """The `Config` of a run: the task's defaults, and then `settings` by their flags' names.

    Raises:
      UserError: a setting is unknown to the algorithm, out of its range, or contradicts another.
    """
    algorithm, preset = settings.get("algorithm", "mgail"), settings.get("preset", "default")
    chosen: dict[str, Any] = {"env": env}
    if task := TASKS.get(env):
        chosen |= {"num_trajectories": task.num_trajectories, "total_steps": task.total_steps}
        if (algorithm, preset) == ("mgail", "default"):
            chosen |= task.hyperparameters
    if isinstance(every := settings.get("subsample"), int) and every > 1:
        # The cloned policy that learning begins with is far from the expert then.
        chosen["total_steps"] = 2 * chosen.get("total_steps", DEFAULT_STEPS)
    if preset == "paper":
        chosen["total_steps"] = PAPER_STEPS
    if algorithm == "gail":
        chosen["total_steps"] = GAIL_STEPS
    chosen |= settings
    run = _take(Run, chosen)
    if (algorithm, preset) not in LEARNERS:
        raise UserError(f"`preset={preset}`: {algorithm} has no such preset; leave it out")
    name, options = LEARNERS[algorithm, preset]
    reporting = _take(Reporting, chosen)
    learner = _take_groups(options, chosen)
    if chosen:
        unknown = ", ".join(f"`{flag}`" for flag in chosen)
        raise UserError(f"{unknown}: {name} has no such option")
    return Config(run, reporting, learner)


def _take(group: type, chosen: dict[str, Any]) -> Any:
    """A group of options made of those settings that it has, which are taken out of `chosen`."""
    names = [field.name for field in dataclasses.fields(group) if field.name in chosen]
    taken = {name: chosen.pop(name) for name in names}
    # JSON knows lists only.
    return group(**{n: tuple(v) if isinstance(v, list) else v for n, v in taken.items()})


def _take_groups(options: Any, chosen: dict[str, Any]) -> Any:
    """All options of a learner, which are taken out of `chosen`."""
    groups = option_groups(options)
    if "" in groups:
        return _take(options, chosen)
    return options(**{field: _take(group, chosen) for field, group in groups.items()})


def option_groups(options: type[LearnerOptions]) -> Mapping[str, type[Options]]:
    """The groups that a learner's options consist of, by field; "" stands for the whole."""
    if issubclass(options, Options):
        return {"": options}
    return typing.get_type_hints(options)


def _parts(options: LearnerOptions) -> Iterator[Any]:
    for name in option_groups(type(options)):
        yield getattr(options, name) if name else options
