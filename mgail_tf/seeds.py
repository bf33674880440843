"""Which seed is used for what, in one table: what is reported never starts as training does.

| seeds              | what is drawn from them                                                     |
|--------------------|-----------------------------------------------------------------------------|
| EVALUATION_SEED + i| start of episode i of every evaluation during training, an expert's too     |
| FINAL_SEED + i     | start of episode i of the final evaluation, and of `run/evaluate.py`        |
| RANDOM_SEED + i    | start of episode i of the policy that acts at random                        |
| CHOICE_SEED + i    | start of episode i where it is decided which policy is exported             |
| DRAWING_SEED + i   | start of demonstration i where an expert draws them                         |
| hash of (s, e, k)  | episode k of training environment e in a run with `--seed=s`                |
| hash of (s, k)     | episode k of the one environment of the authors' loop, in such a run        |
| s + e              | training environment e of an expert (`train_expert.py`), s being its seed   |
| s                  | weights, action noise and batches of a run; no episode starts from it alone |

The constants are a million apart, more than any number of episodes, and no expert's s is as large.
A hash (`numpy.random.SeedSequence`, 32 bits) equals a given one of the reported seeds with a
probability of one in four thousand million.

The environment draws an episode's start from the episode's seed. What is wrapped around it
(`CutEpisodes`) draws from a child of that seed (`numpy.random.Generator.spawn`), because the length
of an episode must not depend on its start.
"""

EVALUATION_SEED = 1_000_000
FINAL_SEED = 2_000_000
RANDOM_SEED = 3_000_000
DRAWING_SEED = 4_000_000
CHOICE_SEED = 6_000_000
