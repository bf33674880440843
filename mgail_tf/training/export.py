"""Keeps the exported policy up to date, so that a run that is stopped leaves a usable one."""

from collections.abc import Callable, Iterator, Mapping
import contextlib
import pathlib
import shutil

from mgail_tf import whole
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

    def write(self, weights: Mapping[str, bytes] | None = None) -> None:
        """Writes the policy as it is now, or as it was with these `weights`.

        Tracing its program takes most of the time, and the program does not change. So the first
        call writes everything, and later ones the weights only.
        """
        # Aside, so that there is never half a SavedModel where another program looks for one.
        aside = self._folder.with_name(f"unfinished-{self._folder.name}")
        if self._program_is_written and self._folder.exists():
            with whole.replaced(self._folder / "variables", aside):
                self._write_weights(aside, weights)
            return
        with whole.replaced(self._folder, aside):
            self._policy.save(aside)
            # They are there already, but in other bytes than later calls write.
            self._write_weights(aside / "variables", weights)
        self._program_is_written = True

    @contextlib.contextmanager
    def beside(self) -> Iterator[Callable[[Mapping[str, bytes]], pathlib.Path]]:
        """Gives a function that writes the policy with other weights, and tells the folder.

        What is exported stays as it is meanwhile.
        """
        folder = self._folder.with_name("finalist")
        shutil.rmtree(folder, ignore_errors=True)  # Of a run that was killed.
        try:
            with whole.refusals_told(folder):
                shutil.copytree(self._folder, folder)

            def write(weights: Mapping[str, bytes]) -> pathlib.Path:
                with whole.refusals_told(folder):
                    self._write_weights(folder / "variables", weights)
                return folder

            yield write
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _write_weights(self, folder: pathlib.Path, weights: Mapping[str, bytes] | None) -> None:
        if weights is None:
            self._policy.save_weights(folder)
            return
        for name, content in weights.items():
            (folder / name).write_bytes(content)

    def weights(self) -> dict[str, bytes]:
        """The weights that were written last, as files by name."""
        return {file.name: file.read_bytes() for file in (self._folder / "variables").iterdir()}
