"""The domain ``ai.onnx.ml``: trees, linear models and their pre-processing."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Tensor
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear, same

_CAST_TARGETS = {"TO_FLOAT": "float32", "TO_STRING": "string", "TO_INT64": "int64"}


def _to_float(call: Call) -> Sequence[Fact]:
    return (Fact("float32", call.shape(0)),)


def _select(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None or len(data.shape) < 2:
        return (Fact(data.dtype, None),)
    indices = call.fact(1).size
    return (Fact(data.dtype, (*data.shape[:-1], indices)),)


def _map_categories(call: Call) -> Sequence[Fact]:
    dtype = {"string": "int64", "int64": "string"}.get(call.fact(0).dtype or "")
    return (Fact(dtype, call.shape(0)),)


def _encode_labels(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    if call.opset < 2:
        return _map_categories(call)
    if call.present("values_tensor"):
        tensor = call.node.attributes["values_tensor"].value
        if not isinstance(tensor, Tensor):
            raise Unclear("values_tensor")
        return (Fact(tensor.dtype, shape),)
    for name, dtype in (("values_strings", "string"), ("values_int64s", "int64"), ("values_floats", "float32")):
        if call.present(name):
            return (Fact(dtype, shape),)
    return (Fact(None, shape),)


def _cast_map(call: Call) -> Sequence[Fact]:
    return (Fact(_CAST_TARGETS.get(call.string("cast_to", "TO_FLOAT")), None),)


def _one_hot(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    categories = next(
        (call.node.attributes[name].value for name in ("cats_int64s", "cats_strings") if call.present(name)), None
    )
    if shape is None or not isinstance(categories, tuple | list):
        return (Fact("float32", None),)
    return (Fact("float32", (*shape, len(categories))),)


def _rows(call: Call) -> Dim:
    shape = call.shape(0)
    return shape[0] if shape is not None and len(shape) == 2 else None


def _classify(call: Call) -> Sequence[Fact]:
    labels = next(
        (name for name in ("classlabels_strings", "classlabels_ints", "classlabels_int64s") if call.present(name)), None
    )
    if labels is None:
        return (Fact(None, (_rows(call),)), Fact("float32", (_rows(call), None)))
    dtype = "string" if labels == "classlabels_strings" else "int64"
    count = len(call.node.attributes[labels].value)
    # Two classes may be told by one score or by two, support vectors by a vote of pairs; runtimes differ.
    told = count > 2 and call.node.op_type != "SVMClassifier"
    return (Fact(dtype, (_rows(call),)), Fact("float32", (_rows(call), count if told else None)))


def _regress(call: Call) -> Sequence[Fact]:
    targets = "targets" if call.node.op_type == "LinearRegressor" else "n_targets"
    return (Fact("float32", (_rows(call), call.integer(targets, 1))),)


def _support_vector_regress(call: Call) -> Sequence[Fact]:
    return (Fact("float32", (_rows(call), 1)),)


def _tree_ensemble(call: Call) -> Sequence[Fact]:
    return (Fact(call.fact(0).dtype, (_rows(call), call.integer("n_targets", 1))),)


def _zip_map(_: Call) -> Sequence[Fact]:
    return (Fact(None, None, kind="sequence"),)


HANDLERS: dict[str, Handler] = {
    "ArrayFeatureExtractor": _select,
    "Binarizer": same,
    "CastMap": _cast_map,
    "CategoryMapper": _map_categories,
    "Imputer": same,
    "LabelEncoder": _encode_labels,
    "LinearClassifier": _classify,
    "LinearRegressor": _regress,
    "Normalizer": _to_float,
    "OneHotEncoder": _one_hot,
    "SVMClassifier": _classify,
    "SVMRegressor": _support_vector_regress,
    "Scaler": _to_float,
    "TreeEnsemble": _tree_ensemble,
    "TreeEnsembleClassifier": _classify,
    "TreeEnsembleRegressor": _regress,
    "ZipMap": _zip_map,
}
