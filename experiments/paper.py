"""What the papers report, and how they cut their demonstrations."""

import csv
from typing import NamedTuple

from experiments.provenance import ROOT

# Ho and Ermon keep every twentieth pair, and more where episodes are short.
SUBSAMPLE = {"CartPole": 10, "MountainCar": 5, "Acrobot": 5}
SUBSAMPLE_ELSEWHERE = 20

TABLE = ROOT / "docs" / "paper_table1.csv"


class Levels(NamedTuple):
    """The mean returns between which a task's are normalised."""

    expert: float
    random: float


# Of the experts of Ho and Ermon (2016), whom BC and GAIL of the table imitate. The paper does not
# say what MGAIL's experts reached. The experts' levels of Hopper, Walker2d and HalfCheetah agree
# with a second source; the other numbers were not checked against one.
LEVELS = {
    "CartPole": Levels(200.00, 18.64),
    "MountainCar": Levels(-98.75, -200.00),
    "Acrobot": Levels(-75.25, -200.00),
    "Hopper": Levels(3571.38, 14.47),
    "Walker2d": Levels(6717.08, 0.57),
    "HalfCheetah": Levels(4463.46, -282.43),
    "Ant": Levels(4228.37, -69.68),
    "Humanoid": Levels(9575.40, 122.87),
}


class Reported(NamedTuple):
    """A mean return of the paper and its deviation, normalised."""

    mean: float
    deviation: float


def table() -> dict[tuple[str, int], dict[str, Reported]]:
    """The paper's Table 1, by task and number of trajectories; then by method, `bc` for example."""
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    found = {}
    for row in csv.DictReader(lines):
        task = row["task"]
        found[task, int(row["num_trajectories"])] = {
            method: normalized(task, float(row[f"{method}_mean"]), float(row[f"{method}_std"]))
            for method in ("bc", "gail", "mgail")
        }
    return found


def normalized(task: str, mean: float, deviation: float) -> Reported:
    """Brings a return to the scale on which a random policy has 0 and the expert 1."""
    expert, random = LEVELS[task]
    return Reported((mean - random) / (expert - random), deviation / (expert - random))


def subsample(task: str) -> int:
    """Of how many pairs Ho and Ermon keep one."""
    return SUBSAMPLE.get(task, SUBSAMPLE_ELSEWHERE)
