import dataclasses
from typing import Any, get_args

import pytest

from mgail_tf import config as configs
from mgail_tf.algorithms.cloning_options import CloningOptions
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS

COMMON = [configs.Run, configs.Reporting]


def fields_of(options):
    """All fields of a run with these options of a learner, with repetitions."""
    groups = [*COMMON, *configs.option_groups(options).values()]
    return [field for group in groups for field in dataclasses.fields(group)]


@pytest.mark.parametrize("name", configs.LEARNERS)
def test_no_two_groups_of_a_learner_share_a_name(name):
    _, options = configs.LEARNERS[name]
    names = [field.name for field in fields_of(options)]
    assert len(names) == len(set(names)) > 10


def test_every_learners_options_are_told_apart():
    assert {options for _, options in configs.LEARNERS.values()} == set(
        get_args(configs.LearnerOptions)
    )


@pytest.mark.parametrize(
    ("env", "settings", "steps"),
    [
        ("CartPole", {"subsample": 1}, 2_500),
        ("CartPole", {"subsample": 10}, 5_000),
        ("CartPole", {"subsample": 10, "total_steps": 800}, 800),
        ("Swimmer-v5", {"subsample": 2}, 200_000),
        ("CartPole", {"subsample": 10, "preset": "paper"}, configs.PAPER_STEPS),
        ("CartPole", {"subsample": 10, "algorithm": "gail"}, configs.GAIL_STEPS),
    ],
)
def test_a_budget_is_twice_as_large_where_pairs_are_left_out(env, settings, steps):
    assert configs.make(env, **settings).run.total_steps == steps


@pytest.mark.parametrize("name", [("mgail", "default"), ("bc", "default")])
def test_every_option_can_be_set_and_is_written_down(name):
    algorithm, preset = name
    _, options = configs.LEARNERS[name]
    given = {"algorithm": algorithm, "preset": preset, "env": "Swimmer-v5"}
    field: Any
    for field in fields_of(options):
        if field.name in given:
            continue
        if field.metadata["choices"]:
            [value, *_] = set(field.metadata["choices"]) - {field.default}
        elif isinstance(field.default, bool):
            value: Any = not field.default
        elif isinstance(field.default, tuple):
            value = (7, 8, 9)
        elif field.name in ("expert_data", "initial_policy"):
            value = "folder"
        elif field.name == "forward_model_history":
            value = 2
        else:  # A number; within its bounds, and no budget is too small for a round.
            low, high = (field.metadata[bound] for bound in ("minimum", "maximum"))
            value = type(field.default)(min(0.5 * (max(field.default, low) + high), 10**6))
            if field.name in ("num_envs", "segment_length"):
                value = field.default + 1
        assert value != field.default, field.name
        given[field.name] = value
    flat = configs.make(**given).flat()
    assert flat == {
        name: list(value) if isinstance(value, tuple) else value for name, value in given.items()
    }


def test_defaults_are_the_tasks_own():
    hopper, walker = configs.make("Hopper"), configs.make("Walker2d")
    assert (hopper.run.num_trajectories, hopper.run.total_steps) == (4, 75_000)
    assert isinstance(walker.learner, MGAILOptions)
    assert walker.learner.acting.mean_cut_length == 1000
    assert configs.make("Walker2d", mean_cut_length=5).flat()["mean_cut_length"] == 5
    other = configs.make("Swimmer-v5")
    assert (other.run.num_trajectories, other.run.total_steps) == (0, 100_000)
    # A task's hyperparameters are MGAIL's.
    cloning = configs.make("Walker2d", algorithm="bc")
    assert cloning.learner == CloningOptions()
    assert cloning.run.num_trajectories == 4


@pytest.mark.parametrize("task", TASKS)
def test_the_papers_preset_has_a_budget_of_its_own(task):
    assert configs.make(task, preset="paper").run.total_steps == configs.PAPER_STEPS
    assert configs.make(task, preset="paper", total_steps=700_000).run.total_steps == 700_000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"nonsense": 1}, "`nonsense`: mgail has no such option"),
        ({"patience": 3}, "`patience`: mgail has no such option"),
        ({"algorithm": "bc", "discount": 0.9}, "`discount`: behavioural cloning .* no such option"),
        (
            {"algorithm": "bc", "discount": 0.9, "segment_length": 3},
            "`discount`, `segment_length`: behavioural cloning",
        ),
        ({"preset": "paper", "averaging_window": 0.5}, "`averaging_window`: the authors' loop"),
        ({"algorithm": "bc", "preset": "paper"}, "`preset=paper`: bc has no such preset"),
        ({"algorithm": "magic"}, "`algorithm=magic`: use one of mgail, bc"),
        ({"preset": "magic"}, "`preset=magic`: use one of default, paper"),
        ({"forward_model": "magic"}, "`forward_model=magic`: use one of advanced, basic"),
        ({"discount": 1.0}, "`discount=1.0`: must be from 0 to 0.9999"),
        ({"discount": float("nan")}, "`discount=nan`: must be from"),
        ({"seed": -1}, "`seed=-1`: must be from 0"),
        ({"policy_hidden": (5, 0)}, "`policy_hidden=0`: must be from 1"),
        (
            {"total_steps": 79},
            "`total_steps=79`: must be at least `num_envs` . `segment_length`, 80",
        ),
        ({"replay_steps": 79}, "`replay_steps=79`: must be at least"),
        ({"policy_replay_steps": 79}, "`policy_replay_steps=79`: must be at least"),
        ({"forward_model_history": 6}, "`forward_model_history=6`: must not exceed"),
        (
            {"forward_model_history": 4, "batch_size": 3},
            "`forward_model_history=4`: must not exceed `segment_length` or `batch_size`",
        ),
    ],
)
def test_bad_settings_are_refused_by_name(settings, message):
    with pytest.raises(UserError, match=message):
        configs.make("Hopper", **settings)


def test_settings_at_their_bounds_are_fine():
    configs.make(
        "Hopper",
        total_steps=80,
        replay_steps=80,
        policy_replay_steps=80,
        forward_model_history=5,
        batch_size=5,
        discount=0.9999,
        demonstrated_fraction=1.0,
        policy_updates=1,
    )
    configs.make("Hopper", algorithm="bc", total_steps=1)


RECIPE = {
    "num_envs": 16,
    "segment_length": 5,
    "mean_cut_length": 300,
    "noise_stddev": 0.3,
    "final_noise_scale": 0.33,
    "learn_noise": False,
    "temperature": 1.0,
    "cloned_start": True,
    "astray": 1.5,
    "policy_updates": 40,
    "discriminator_updates": 8,
    "forward_model_updates": 8,
    "policy_segments": 64,
    "policy_replay_steps": 50_000,
    "batch_size": 256,
    "demonstrated_fraction": 0.3,
    "resample_actions": False,
    "restart_segments": False,
    "replay_steps": 50_000,
    "policy_hidden": [100, 50],
    "discriminator_hidden": [200, 100],
    "value_hidden": [100, 100],
    "forward_model": "basic",
    "forward_model_width": 100,
    "forward_model_history": 1,
    "forward_model_residual": True,
    "outputs_per_action": True,
    "observation_limit": 10.0,
    "discount": 0.99,
    "use_value": True,
    "termination_margin": 1.5,
    "cloning_weight": 10.0,
    "value_decay": 0.98,
    "value_average_decay": 0.98,
    "gradient_penalty": 1.0,
    "state_gradient_clip": 10.0,
    "policy_learning_rate": 3e-4,
    "discriminator_learning_rate": 1e-3,
    "value_learning_rate": 1e-3,
    "forward_model_learning_rate": 1e-3,
    "averaging_window": 0.1,
}
LARGEST = 2**31 - 1
BOUNDS = {
    **dict.fromkeys(
        [
            *("subsample", "total_steps", "evaluation_episodes", "final_episodes"),
            *("num_envs", "segment_length", "policy_segments", "policy_replay_steps"),
            *("policy_updates", "discriminator_updates", "forward_model_updates"),
            *("batch_size", "replay_steps", "patience", "max_epochs"),
            *("policy_hidden", "discriminator_hidden", "value_hidden"),
            *("forward_model_width", "forward_model_history"),
        ],
        (1, LARGEST),
    ),
    # Of many of these, 0 says that there is none.
    **dict.fromkeys(
        [
            *("num_trajectories", "seed", "evaluate_every", "film_every", "mean_cut_length"),
            *("noise_stddev", "gradient_penalty", "state_gradient_clip"),
            *("termination_margin", "cloning_weight", "astray", "checkpoint_minutes"),
            *("policy_learning_rate", "discriminator_learning_rate"),
            *("value_learning_rate", "forward_model_learning_rate"),
        ],
        (0, LARGEST),
    ),
    **dict.fromkeys(
        [
            *("demonstrated_fraction", "averaging_window", "value_decay", "value_average_decay"),
            "final_noise_scale",
        ],
        (0, 1),
    ),
    # Something is divided by these.
    **dict.fromkeys(["temperature", "observation_limit"], (1e-3, LARGEST)),
    "discount": (0, 0.9999),
    "training_fraction": (0.01, 0.99),
}


def numbers_of(options):
    """The groups of a learner, and their fields that are numbers or tuples of them."""
    for group in [*COMMON, *configs.option_groups(options).values()]:
        for field in dataclasses.fields(group):
            if isinstance(field.default, int | float | tuple) and not isinstance(
                field.default, bool
            ):
                yield group, field.name, field.default


@pytest.mark.parametrize("options", [MGAILOptions, CloningOptions])
def test_numbers_keep_within_their_bounds(options):
    for group, name, default in numbers_of(options):
        low, high = BOUNDS[name]
        beyond = 1e-6 if isinstance(default, float) else 1
        for good, bad in (low, low - beyond), (high, high * (1 + 1e-6) + (beyond == 1)):
            if isinstance(default, tuple):
                good, bad = (5, good), (5, bad)
            assert getattr(group(**{name: good}), name) == good
            with pytest.raises(UserError, match=f"`{name}=.*`: must be from {low} to {high}"):
                group(**{name: bad})


def test_the_defaults_are_the_recipe_that_the_results_are_of():
    """Whoever changes one must measure anew what docs/results.md says."""
    flat = configs.make("Swimmer-v5").flat()
    common = {field.name for group in COMMON for field in dataclasses.fields(group)}
    assert {name: value for name, value in flat.items() if name not in common} == RECIPE
    assert dataclasses.asdict(CloningOptions()) == {
        "policy_hidden": (100, 50),
        "batch_size": 128,
        "policy_learning_rate": 1e-3,
        "training_fraction": 0.7,
        "patience": 50,
        "max_epochs": 2000,
        "num_envs": 16,
        "observation_limit": 10.0,
    }
