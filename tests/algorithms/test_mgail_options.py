"""Each option of MGAIL changes exactly what it says.

`observe` looks at all that can be seen of a run. A row of the table has what an option changes of
it; everything else must stay as it is without the option.
"""

import functools

from mgail_runs import CONTINUOUS, DISCRETE, NETWORKS, observe
import option_table
from option_table import Row
import pytest

from mgail_tf.algorithms.mgail_options import MGAILOptions

pytestmark = pytest.mark.usefixtures("eagerly")

ACTIONS_OF_ITS_OWN = {
    "shapes of the discriminator": [(4 + 2, 6), (6,), (6, 2), (2,)],
    "shapes of the forward_model": [(4 + 2, 8), (8,), (8, 8), (8,), (8, 4), (4,)],
}
ADVANCED = [
    *[(3, 8), (8,), (8, 24), (8, 24), (24,), (8, 8), (8,)],
    *[(1, 8), (8,), (8, 8), (8,)],
    *[(8, 8), (8,)] * 3,
    *[(8, 3), (3,)],
]
TABLES = {
    CONTINUOUS: [
        # Acting.
        Row(
            "num_envs",
            2,
            {
                "environments": 2,
                "steps of a round": 4,
                "steps that are acted": (2, 2),
                "buffer": (25_000, 2),
                "steps that the policy's segments are among": 25_000,
            },
        ),
        Row(
            "segment_length",
            3,
            {
                "steps of a round": 12,
                "steps that are acted": (3, 4),
                "buffer": (12_498, 4),
                "batch of the policy": (3, 10),
            },
        ),
        Row("mean_cut_length", 50, {"mean length of episodes": 50}),
        Row("mean_cut_length", 0, {"mean length of episodes": None}),
        Row("noise_stddev", 0.5, {"sigma": 0.5}),
        Row("final_noise_scale", 0.6, {"final noise scale": 0.6}),
        Row(
            "learn_noise",
            True,
            {
                "sigma is learned": True,
                "shapes of the policy": [(3, 5), (5,), (5, 1), (1,), (5, 1), (1,)],
            },
        ),
        # Updates.
        Row("cloned_start", False, {"starts from a clone": False}),
        Row("policy_updates", 3, {"updates of the policy": 3, "updates of the value": 3}),
        Row("discriminator_updates", 4, {"updates of the discriminator": 4}),
        Row("forward_model_updates", 5, {"updates of the forward_model": 5}),
        Row(
            "policy_segments",
            20,
            {"batch of the policy": (2, 20), "demonstrated for the policy": 6},
        ),
        Row("policy_replay_steps", 40, {"steps that the policy's segments are among": 10}),
        Row(
            "batch_size",
            40,
            {
                "batch of the discriminator": (40, 40),
                "batch of the forward model": (1, 40),
                "demonstrated for the discriminator": 12,
                "demonstrated for the forward model": 12,
            },
        ),
        Row(
            "demonstrated_fraction",
            0.5,
            {
                "demonstrated for the policy": 5,
                "demonstrated for the discriminator": 10,
                "demonstrated for the forward model": 10,
            },
        ),
        Row("resample_actions", True, {"recorded actions are judged": False}),
        Row("restart_segments", True, {"J restarts": True, "V restarts": True}),
        Row("replay_steps", 25, {"buffer": (6, 4)}),
        # Networks.
        Row(
            "policy_hidden",
            (9, 4),
            {"shapes of the policy": [(3, 9), (9,), (9, 4), (4,), (4, 1), (1,)]},
        ),
        Row(
            "discriminator_hidden",
            (9, 4),
            {"shapes of the discriminator": [(4, 9), (9,), (9, 4), (4,), (4, 2), (2,)]},
        ),
        Row(
            "value_hidden",
            (9,),
            {"shapes of the value": [(3, 9), (9,), (3, 9), (9,), (9, 1), (1,), (9, 1), (1,)]},
        ),
        Row("forward_model", "advanced", {"shapes of the forward_model": ADVANCED}),
        Row(
            "forward_model_width",
            9,
            {"shapes of the forward_model": [(4, 9), (9,), (9, 9), (9,), (9, 3), (3,)]},
        ),
        Row(
            "forward_model_history",
            2,
            {
                "history": 2,
                "batch of the forward model": (2, 10),
                "demonstrated for the forward model": 3,
            },
        ),
        Row("forward_model_residual", False, {"predicts the change": False}),
        Row("observation_limit", 5.0, {"limit of observations": 5.0}),
        # Losses.
        Row("discount", 0.9, {"gamma of J": 0.9, "gamma of V": 0.9}),
        Row(
            "use_value",
            False,
            {
                "V is behind J": False,
                "updates of the value": 0,
                "gamma of V": None,
                "lambda": None,
                "V restarts": None,
                "slow value keeps": None,
            },
        ),
        Row("astray", 3.0, {"goes back at": 3.0}),
        Row("termination_margin", 3.0, {"margin of terminations": 3.0}),
        Row("cloning_weight", 0.4, {"weight of cloning": 0.4}),
        Row("value_decay", 0.7, {"lambda": 0.7}),
        Row("value_average_decay", 0.6, {"slow value keeps": 0.6}),
        Row("gradient_penalty", 0.4, {"weight of the penalty": 0.4}),
        Row("state_gradient_clip", 2.0, {"clip": 2.0}),
        *(
            Row(
                f"{name}_learning_rate",
                rate,
                {f"rate of the {name}": rate},
            )
            for name, rate in zip(NETWORKS, (0.01, 0.02, 0.03, 0.04), strict=True)
        ),
        Row("averaging_window", 0.8, {"averaging window": 0.8}),
    ],
    DISCRETE: [
        Row("temperature", 0.5, {"temperature": 0.5}),
        Row("outputs_per_action", False, ACTIONS_OF_ITS_OWN),
    ],
}


def test_the_table_has_every_option():
    option_table.check_complete([row for rows in TABLES.values() for row in rows], MGAILOptions)


@pytest.mark.parametrize("env", TABLES)
def test_each_option_changes_exactly_what_it_says(env):
    option_table.check(TABLES[env], functools.partial(observe, env=env))
