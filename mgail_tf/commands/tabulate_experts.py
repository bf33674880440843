"""Prints a table of the experts and draws learning_curves.png, from every NAME/expert.json."""

import pathlib

from absl import flags
import numpy as np

from mgail_tf import extras, strict_json
from mgail_tf.commands import command_line
from mgail_tf.commands.expert_description import FORM, HEADER, Description, row
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS

EXPERTS_FOLDER = flags.DEFINE_string("experts", "expert_data", "folder of the experts")


def draw(experts: dict[str, Description], file: pathlib.Path) -> None:
    """Draws the evaluations during training, a panel for each task, and marks the kept policy."""
    with extras.needed("the picture", "experts"):
        import matplotlib.pyplot as plt

    figure, panels = plt.subplots(2, 4, figsize=(14, 6), layout="constrained")
    for panel, (name, expert) in zip(panels.flat, experts.items(), strict=False):
        steps, means, deviations = np.reshape(expert["curve"], [-1, 3]).T
        kept = steps == expert["steps"]
        steps = steps / 1e6
        panel.fill_between(steps, means - deviations, means + deviations, alpha=0.2)
        panel.plot(steps, means)
        panel.plot(steps[kept], means[kept], "o")
        panel.set_title(name)
    figure.supxlabel("environment steps, millions")
    figure.supylabel("deterministic episode return, mean and deviation")
    figure.savefig(file, dpi=80)


def main() -> None:
    folder = pathlib.Path(EXPERTS_FOLDER.value)
    files = {name: folder / name / "expert.json" for name in TASKS}
    experts = {
        name: strict_json.read(file, FORM, "train the expert again")
        for name, file in files.items()
        if file.exists()
    }
    if not experts:
        raise UserError(f"--experts={folder}: no NAME/expert.json there")
    command_line.print_table(HEADER, [row(*expert) for expert in experts.items()])
    draw(experts, folder / "learning_curves.png")


def program() -> None:
    """The console command."""
    command_line.run(main)
