"""Keeps the exported policy up to date, so that a run that is stopped leaves a usable one."""

from collections.abc import Mapping
import os
import pathlib
import tempfile

from mgail_tf.deployed_policy import DeployedPolicy


class Export:
    """Writes a policy as a SavedModel, again and again.

    Args:
      policy: the policy, whose weights change.
      folder: where the SavedModel goes; what is there is replaced.
    """

    def __init__(self, policy: DeployedPolicy, folder: pathlib.Path):
        self._policy, self._folder = policy, folder
        self._program_is_written = False

    def write(self) -> None:
        """Writes the policy as it is now.

        Tracing its program takes most of the time, and the program does not change. So the first
        call writes everything, and later ones the weights only.
        """
        if self._program_is_written and self._folder.exists():
            self._policy.save_weights(self._folder)
            return
        # Aside, so that there is never half a SavedModel where another program looks for one.
        parent = self._folder.parent
        with tempfile.TemporaryDirectory(dir=parent, prefix="unfinished-") as aside:
            self._policy.save(f"{aside}/new")
            if self._folder.exists():
                os.rename(self._folder, f"{aside}/old")
            os.rename(f"{aside}/new", self._folder)
        self._program_is_written = True

    def weights(self) -> dict[str, bytes]:
        """The weights that were written last, as files by name."""
        return {file.name: file.read_bytes() for file in (self._folder / "variables").iterdir()}

    def restore(self, weights: Mapping[str, bytes]) -> None:
        """Writes a policy that had been written before, by its `weights`."""
        with tempfile.TemporaryDirectory(dir=self._folder.parent, prefix="unfinished-") as aside:
            for name, content in weights.items():
                pathlib.Path(aside, name).write_bytes(content)
                os.replace(f"{aside}/{name}", self._folder / "variables" / name)
