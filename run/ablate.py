"""Trains with one part of the recipe changed at a time, and shows what each is worth.

Prints the table of docs/method.md and draws its learning curves; needs requirements-experts.txt
for these. Runs that are finished are not repeated, so it can be stopped and called again.
"""

import json
import pathlib
import subprocess
import sys

from absl import flags
import numpy as np

from mgail_tf.commands import command_line

ENVS = flags.DEFINE_list("env", ["Hopper", "HalfCheetah"], "tasks")
SEEDS = flags.DEFINE_list("seeds", ["100", "101", "102"], "seeds")
RUNS = flags.DEFINE_string("runs", "runs/ablation", "folder of the run folders")
PICTURE = flags.DEFINE_string("picture", "docs/ablation.png", "where the learning curves go")

# About half of their budgets, and short evaluations on the way, for time's sake. On Hopper, whose
# whole recipe has not settled by then, this tells only large differences apart.
SHORTER = {"Hopper": ["--total_steps=60000"], "HalfCheetah": ["--total_steps=20000"]}

ROWS = {
    "all of it": [],
    "no gradient penalty": ["--gradient_penalty=0"],
    "no value": ["--novalue"],
    "no demonstrated segments": ["--demonstrated_share=0"],
    "no bound on the message": ["--message_limit=0"],
    "constant noise": ["--final_noise=1"],
    "episodes never cut": ["--cut_after=0"],
    "8 policy updates a round": ["--policy_updates=8"],
    "newest segments only": ["--policy_replay_steps=80"],
    "constant learning rates": ["--final_learning_rate=1"],
    "no average": ["--average_share=0"],
    "advanced forward model": ["--forward_model=advanced"],
    "forward model of states": ["--noforward_model_residual"],
}


def folder(env, row, seed):
    return pathlib.Path(RUNS.value, f"{env}-{row}-{seed}".replace(" ", "-"))


def train(env, row, seed):
    """Runs `run/main.py` with the row's flags, unless it has been."""
    logdir = folder(env, row, seed)
    if not (logdir / "result.json").exists():
        program = pathlib.Path(__file__).with_name("main.py")
        settings = [f"--env={env}", f"--seed={seed}", *SHORTER.get(env, []), *ROWS[row]]
        settings += ["--evaluation_episodes=4", f"--logdir={logdir}"]
        subprocess.run([sys.executable, program, *settings], check=True)


def results(env, row, seeds):
    """The final normalised returns, one a seed."""
    files = [folder(env, row, seed) / "result.json" for seed in seeds]
    return [json.loads(file.read_text())["normalized_return"] for file in files]


def curves(env, row, seeds):
    """Environment steps [evaluations], and normalised returns [seeds, evaluations]."""
    files = [folder(env, row, seed) / "metrics.jsonl" for seed in seeds]
    lines = [[json.loads(line) for line in file.read_text().splitlines()] for file in files]
    steps = [line["env_steps"] for line in lines[0]]
    return steps, np.array([[line["normalized_return"] for line in run] for run in lines])


def draw(envs, seeds, file):
    """Draws a panel for each row and task: every seed, and the whole recipe's mean behind."""
    import matplotlib.pyplot as plt

    whole, *others = ROWS
    columns = -(-len(others) // 2)
    figure, panels = plt.subplots(
        2 * len(envs), columns, figsize=(2.3 * columns, 4 * len(envs)),
        layout="constrained", sharey=True, squeeze=False,
    )  # fmt: skip
    for place, env in enumerate(envs):
        whole_steps, whole_returns = curves(env, whole, seeds)
        for panel, row in zip(panels[2 * place : 2 * place + 2].flat, others, strict=False):
            steps, returns = curves(env, row, seeds)
            panel.plot(whole_steps, whole_returns.mean(0), color="lightgray", linewidth=4)
            panel.plot(steps, returns.T, linewidth=1)
            panel.set_title(f"{env}:\n{row}", fontsize="small")
            panel.set_ylim(-0.1, 1.1)
            panel.tick_params(labelsize="x-small")
    figure.supxlabel("environment steps")
    figure.supylabel("normalised return")
    figure.savefig(file, dpi=80)


def main():
    envs, seeds = ENVS.value, command_line.parse_integers("seeds", SEEDS.value)
    for row in ROWS:
        for env in envs:
            for seed in seeds:
                train(env, row, seed)
    cells = [
        [row, *(" ".join(f"{x:.3f}" for x in results(env, row, seeds)) for env in envs)]
        for row in ROWS
    ]
    command_line.print_table(["changed", *envs], cells)
    draw(envs, seeds, PICTURE.value)


if __name__ == "__main__":
    command_line.run(main)
