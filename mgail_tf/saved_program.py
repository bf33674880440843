"""What a SavedModel can do besides computing, told before it is loaded: it is a program."""

from collections.abc import Iterable
import pathlib
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

# TensorFlow's operations that exported policies consist of. All of them only compute; whatever else
# is in a SavedModel may reach files, other programs or a network.
COMPUTING = {
    *("Abs", "AddV2", "ArgMax", "BiasAdd", "BroadcastArgs", "BroadcastTo", "Cast"),
    *("ClipByValue", "ConcatV2", "Const", "DisableCopyOnRead", "Equal", "Exp", "ExpandDims"),
    *("Fill", "Floor", "FloorDiv", "FloorMod", "GatherV2", "Greater", "GreaterEqual"),
    *("Identity", "IdentityN", "Less", "LessEqual", "Log", "LogicalAnd", "LogicalNot"),
    *("LogicalOr", "MatMul", "Max", "Maximum", "Mean", "Min", "Minimum", "Mul", "Neg"),
    *("NoOp", "NotEqual", "OneHot", "Pack", "Pad", "PadV2", "PartitionedCall"),
    *("Placeholder", "Pow", "Prod", "Range", "ReadVariableOp", "RealDiv", "Relu"),
    *("ReluGrad", "Reshape", "Round", "Rsqrt", "Select", "SelectV2", "Shape", "Sigmoid"),
    *("Sign", "Slice", "Softmax", "Softplus", "Split", "SplitV", "Sqrt", "Square"),
    *("Squeeze", "StatefulPartitionedCall", "StatelessRandomGetKeyCounter"),
    *("StatelessRandomNormalV2", "StatelessRandomUniformV2", "StopGradient", "StridedSlice"),
    *("Sub", "Sum", "Tanh", "Tile", "Transpose", "Unpack", "VarHandleOp", "ZerosLike"),
}
# What every SavedModel has besides, in two functions that write and read its own weights.
OF_WEIGHTS = {
    "__inference__traced_save_": {
        *("MergeV2Checkpoints", "SaveV2", "ShardedFilename", "StaticRegexFullMatch", "StringJoin")
    },
    "__inference__traced_restore_": {"AssignVariableOp", "RestoreV2"},
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
        functions = part.graph_def.library.function
        called = {name for function in functions for name in _called(function.node_def)}
        found |= _operations(part.graph_def.node) - COMPUTING
        for function in functions:
            name, allowed = function.signature.name, COMPUTING
            for beginning, operations in OF_WEIGHTS.items():
                # A policy that calls one of them would write files when it acts.
                if name.startswith(beginning) and name not in called:
                    allowed = allowed | operations
            found |= _operations(function.node_def) - allowed
    return sorted(found)


def _operations(nodes: Iterable[Any]) -> set[str]:
    return {node.op for node in nodes}


def _called(nodes: Iterable[Any]) -> Iterable[str]:
    """The functions that nodes call."""
    for node in nodes:
        for value in node.attr.values():
            yield value.func.name
            yield from (each.name for each in value.list.func)
