"""What a SavedModel can do besides computing, told before it is loaded: it is a program."""

from collections.abc import Iterable
import pathlib
import re
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

# Parts of the names of TensorFlow's operations that reach beyond the numbers that they are given:
# to files, to other programs, to the network, to the screen.
BEYOND = re.compile(
    "Asset|Checkpoint|Custom|Dataset|Debug|Dump|File|Iterator|Load|Print|PyFunc|Python|Reader"
    "|Record|Recv|Remote|Restore|Rpc|Save|Send|Summary|Table"
)
# How every SavedModel writes and reads its own weights; nothing calls the first of these functions
# where a policy is only loaded.
OF_WEIGHTS = {
    "_traced_save": {"MergeV2Checkpoints", "SaveV2", "ShardedFilename"},
    "_traced_restore": {"RestoreV2"},
}


def beyond_computing(folder: str | pathlib.Path) -> list[str]:
    """Returns the names of operations that may reach what is not in the SavedModel.

    Args:
      folder: of the SavedModel. One that cannot be read has no operations.
    """
    model: Any = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(pathlib.Path(folder, "saved_model.pb").read_bytes())
    except (OSError, DecodeError):
        return []
    found: set[str] = set()
    for part in model.meta_graphs:
        found |= _beyond(part.graph_def.node)
        for function in part.graph_def.library.function:
            name = function.signature.name
            allowed = [each for mark, each in OF_WEIGHTS.items() if mark in name]
            found |= _beyond(function.node_def).difference(*allowed)
    return sorted(found)


def _beyond(nodes: Iterable[Any]) -> set[str]:
    return {node.op for node in nodes if BEYOND.search(node.op)}
