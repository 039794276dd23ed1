"""Matrix products, normalisation, recurrent layers, attention, signals, text, sequences, control flow, trees."""

from __future__ import annotations

from typing import Any

import pytest

from sentis_lint.graph import Attribute, Graph, Shape, Storage, Tensor, Value
from sentis_lint.inference.facts import Fact
from tests.inference.graphs import UNKNOWN, call, fact, output, shape


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("N", "T", 64), (64, 32), ("N", "T", 32)),
        (("N", 8, "T", 64), ("N", 8, 64, "T"), ("N", 8, "T", "T")),
        ((5, 1, 2, 3), (4, 3, 6), (5, 4, 2, 6)),
        ((3,), (3, 4), (4,)),
        ((2, 3), (3,), (2,)),
        ((3,), (3,), ()),
        (None, (3, 4), None),
        ((), (3, 4), None),
    ],
)
def test_matrix_products_broadcast_their_batches(one: Shape | None, other: Shape, expected: Shape | None) -> None:
    assert call("MatMul", [fact("float32", one), fact("float32", other)])[0].shape == expected


def test_gemm_is_a_matrix_even_if_one_operand_is_unknown() -> None:
    assert shape("y = Gemm <transB=1> (float[N,64] x, float[10,64] w, float[10] b)") == ("N", 10)
    assert shape("y = Gemm (float x, float[64,10] w)") == (None, 10)
    assert shape("y = Gemm <transA=1> (float[64,N] x, float[64,10] w)") == ("N", 10)


def test_integer_products_have_their_own_dtypes() -> None:
    one, other = fact("uint8", (2, 3)), fact("int8", (3, 4))
    assert call("MatMulInteger", [one, other]) == [fact("int32", (2, 4))]
    scale, zero = fact("float32", ()), fact("int8", ())
    assert call("QLinearMatMul", [one, scale, zero, other, scale, zero, scale, zero]) == [fact("int8", (2, 4))]


@pytest.mark.parametrize(
    ("equation", "shapes", "expected"),
    [
        ("bhid,bhjd->bhij", [("B", 8, "T", 64), ("B", 8, "S", 64)], ("B", 8, "T", "S")),
        ("...ij,...jk->...ik", [(5, 2, 3), (1, 3, 4)], (5, 2, 4)),
        ("ij,jk", [(2, 3), (3, 4)], (2, 4)),
        ("ii->i", [(3, 3)], (3,)),
        ("i,i->", [(3,), (None,)], ()),
        ("ij->ji", [None], (None, None)),
        ("...i->...", [None], None),
        ("ij,jk->iz", [(2, 3), (3, 4)], None),
        ("ij", [(2, 3, 4)], None),
        ("i1->i", [(2, 3)], None),
        ("ij,ij->ij", [(1, 3), (2, 3)], (2, 3)),
        ("ij,ij->ij", [(1, 3), (None, 3)], (None, 3)),
    ],
)
def test_einsum_follows_its_letters(equation: str, shapes: list[Shape | None], expected: Shape | None) -> None:
    inputs = [fact("float32", one) for one in shapes]
    assert call("Einsum", inputs, {"equation": equation})[0].shape == expected


def test_determinants_drop_the_matrix() -> None:
    assert shape("y = Det (float[N,3,3] x)") == ("N",)


def test_normalisations_keep_the_shape_and_know_their_statistics() -> None:
    data, scale = fact("float16", ("N", 8, 4, 4)), fact("float16", (8,))
    assert call("BatchNormalization", [data, scale, scale, scale, scale], opset=9) == [data]
    mean = fact("float32", (8,))
    found = call("BatchNormalization", [data, scale, scale, mean, mean], opset=15, outputs=3)
    assert found == [data, mean, mean]
    found = call("LayerNormalization", [data, fact("float16", (4, 4))], {"axis": -2}, outputs=3)
    assert found == [data, fact("float32", ("N", 8, 1, 1)), fact("float32", ("N", 8, 1, 1))]
    assert call("GroupNormalization", [data, scale, scale], opset=21) == [data]
    assert call("RMSNormalization", [data, fact("float32", (4,))], opset=23) == [fact("float32", ("N", 8, 4, 4))]


def test_dropout_masks_changed_their_dtype() -> None:
    data = fact("float32", (2, 3))
    assert call("Dropout", [data], opset=9, outputs=2) == [data, data]
    assert call("Dropout", [data], opset=13, outputs=2) == [data, fact("bool", (2, 3))]


def test_losses_are_scalars_unless_they_are_not_reduced() -> None:
    scores, target = fact("float32", ("N", 5, 6)), fact("int64", ("N", 6))
    assert call("NegativeLogLikelihoodLoss", [scores, target]) == [fact("float32", ())]
    found = call("SoftmaxCrossEntropyLoss", [scores, target], {"reduction": "none"}, outputs=2)
    assert found == [fact("float32", ("N", 6)), scores]


@pytest.mark.parametrize(
    ("attributes", "opset", "expected"),
    [
        ({"hidden_size": 16}, 13, [("T", 1, "N", 16), (1, "N", 16)]),
        ({"direction": "bidirectional"}, 13, [("T", 2, "N", 16), (2, "N", 16)]),
        ({"hidden_size": 99}, 13, [("T", 1, "N", None), (1, "N", None)]),
        ({"layout": 1}, 14, [("T", "N", 1, 16), ("T", 1, 16)]),
        ({"direction": "sideways"}, 13, [("T", None, "N", 16), (None, "N", 16)]),
    ],
)
def test_recurrent_layers_know_sequence_direction_batch_and_state(
    attributes: dict[str, Any], opset: int, expected: list[Shape]
) -> None:
    inputs = [fact("float32", ("T", "N", 8)), fact("float32", (1, 64, 8)), fact("float32", (1, 64, 16))]
    found = call("LSTM", inputs, attributes, opset=opset, outputs=3)
    assert [one.shape for one in found] == [*expected, expected[1]]


def test_attention_keeps_the_packing_of_its_query() -> None:
    packed = [fact("float32", ("N", "T", 64)), fact("float32", ("N", "S", 32)), fact("float32", ("N", "S", 16))]
    heads = {"q_num_heads": 8, "kv_num_heads": 4}
    found = call("Attention", packed, heads, opset=23, outputs=4)
    assert [one.shape for one in found] == [
        ("N", "T", 32),
        ("N", 4, "S", 8),
        ("N", 4, "S", 4),
        ("N", 8, "T", "S"),
    ]
    past = [fact("float32", (1, 4, 10, 8)), fact("float32", (1, 4, 10, 4))]
    apart = [fact("float32", (1, 8, 2, 8)), fact("float32", (1, 4, 2, 8)), fact("float32", (1, 4, 2, 4)), None, *past]
    found = call("Attention", apart, opset=23, outputs=2)
    assert [one.shape for one in found] == [(1, 8, 2, 4), (1, 4, 12, 8)]


def test_linear_attention_and_causal_convolution_carry_a_state() -> None:
    packed = [fact("float32", ("N", 3, 32)), fact("float32", ("N", 3, 16)), fact("float32", ("N", 3, 8))]
    found = call("LinearAttention", packed, {"q_num_heads": 4, "kv_num_heads": 2}, opset=27, outputs=2)
    assert found == [fact("float32", ("N", 3, 16)), fact("float32", ("N", 2, 8, 4))]
    data, weights = fact("float32", ("N", 16, "T")), fact("float32", (16, 1, 4))
    found = call("CausalConvWithState", [data, weights], opset=27, outputs=2)
    assert found == [data, fact("float32", ("N", 16, 3))]


def test_fourier_transforms_count_their_bins() -> None:
    assert shape("opset 17: y = DFT <axis=1, onesided=1> (float[N,400,1] x)") == ("N", 201, 2)
    assert shape("opset 20: y = DFT (float[N,400,1] x)") == ("N", 400, 2)
    assert shape("opset 20: y = DFT <inverse=1, onesided=1> (float[N,201,2] x)") == ("N", 400, 1)
    assert shape("opset 20: y = DFT (float[N,400,1] x, int64[] n = {512}, int64[] a)") == (None, None, 2)
    text = "opset 17: y = STFT (float[N,1000,1] x, int64[] s = {100}, float[400] w)"
    assert shape(text) == ("N", 7, 201, 2)
    assert shape("opset 17: y = HannWindow (int64[] n = {400})") == (400,)
    mel = "int64[] b = {80}, int64[] n = {400}, int64[] r = {16000}, float[] l = {0}, float[] h = {8000}"
    assert shape(f"opset 17: y = MelWeightMatrix ({mel})") == (201, 80)


def test_text_operators_give_text_of_the_shape_they_got() -> None:
    words = fact("string", ("N", 4))
    assert call("StringNormalizer", [fact("string", (4,))], {"stopwords": ("a",)})[0].shape == (None,)
    assert call("StringNormalizer", [fact("string", (4,))]) == [fact("string", (4,))]
    assert call("StringConcat", [words, fact("string", (4,))], opset=20) == [words]
    assert call("StringSplit", [words], opset=20, outputs=2) == [
        fact("string", ("N", 4, None)),
        fact("int64", ("N", 4)),
    ]
    assert call("RegexFullMatch", [words], opset=20) == [fact("bool", ("N", 4))]
    indexes = {"ngram_indexes": (0, 5, 2)}
    assert call("TfIdfVectorizer", [fact("int64", ("N", 9))], indexes) == [fact("float32", ("N", 6))]
    assert call("ImageDecoder", [fact("uint8", (None,))], {"pixel_format": "Grayscale"}, opset=20)[0].shape == (
        None,
        None,
        1,
    )


def test_sequences_know_the_dtype_of_their_tensors() -> None:
    text = "s = SequenceConstruct (float[2] a, float[3] b); y = SequenceAt (s, int64[] i)"
    assert output(text) == fact("float32", None)
    made = output("y = SequenceEmpty <dtype=7> ()")
    assert (made.dtype, made.kind) == ("int64", "sequence")
    grown = call("SequenceInsert", [made, fact("int64", (2,))])[0]
    assert (grown.dtype, grown.kind) == ("int64", "sequence")
    assert call("SequenceLength", [grown]) == [fact("int64", ())]
    assert call("ConcatFromSequence", [grown], {"axis": 0}) == [fact("int64", None)]
    assert call("SplitToSequence", [fact("float32", (4,))])[0].kind == "sequence"
    assert call("Relu", [grown]) == [UNKNOWN]


def test_optionals_are_told_apart_from_tensors() -> None:
    made = call("Optional", [fact("float32", (2,))])[0]
    assert made.kind == "optional"
    assert call("OptionalHasElement", [made]) == [fact("bool", ())]
    assert call("OptionalGetElement", [made]) == [UNKNOWN]
    assert call("OptionalGetElement", [fact("float32", (2,))], opset=18) == [fact("float32", (2,))]


def branch(*outputs: Value) -> Attribute:
    """A subgraph with these outputs."""
    return Attribute("b", "graph", Graph("g", outputs=list(outputs)))


def test_an_if_claims_the_dtype_only_where_its_branches_agree() -> None:
    one, other = Value("a", "float32", (2,)), Value("b", "float32", (3,))
    condition = [fact("bool", ())]
    assert call("If", condition, {"then_branch": branch(one), "else_branch": branch(other)}) == [fact("float32", None)]
    third = Value("c", "int64", (2,))
    assert call("If", condition, {"then_branch": branch(one), "else_branch": branch(third)}) == [UNKNOWN]
    sequence = Value("s", kind="sequence")
    assert call("If", condition, {"then_branch": branch(one), "else_branch": branch(sequence)}) == [UNKNOWN]
    assert call("If", condition, {"then_branch": branch(one), "else_branch": branch()}) == [UNKNOWN]


def test_loops_claim_dtypes_and_never_the_shapes_of_one_traced_run() -> None:
    body = branch(Value("c", "bool", ()), Value("v", "float32", (2,)), Value("s", "int64", (2,)))
    found = call("Loop", [fact("int64", ()), None, fact("float32", (5,))], {"body": body}, outputs=2)
    assert found == [fact("float32", None), fact("int64", None)]
    assert call("Scan", [fact("float32", (5,))], {"body": branch(Value("v", "float32", (2,)))}) == [
        fact("float32", None)
    ]
    mapped = call("SequenceMap", [Fact("float32", None, kind="sequence")], {"body": branch(Value("v", "int64"))})
    assert mapped == [Fact("int64", None, kind="sequence")]


def ml(
    operator: str, inputs: list[Fact | None], attributes: dict[str, Any], opset: int = 3, outputs: int = 1
) -> list[Fact]:
    """A call in the domain of classical machine learning."""
    return call(operator, inputs, attributes, opset=opset, outputs=outputs, domain="ai.onnx.ml")


def test_trees_and_linear_models_give_a_row_for_each_sample() -> None:
    data = fact("float64", ("N", 4))
    three, two = {"classlabels_ints": (0, 1, 2)}, {"classlabels_strings": ("a", "b")}
    assert ml("LinearClassifier", [data], three, outputs=2) == [fact("int64", ("N",)), fact("float32", ("N", 3))]
    assert ml("SVMClassifier", [data], two, outputs=2) == [fact("string", ("N",)), fact("float32", ("N", None))]
    assert ml("TreeEnsembleRegressor", [data], {"n_targets": 2}) == [fact("float32", ("N", 2))]
    assert ml("TreeEnsemble", [data], {}, opset=5) == [fact("float64", ("N", 1))]
    assert ml("Scaler", [data], {}) == [fact("float32", ("N", 4))]
    assert ml("ZipMap", [data], {})[0].kind == "sequence"


def test_label_encoders_name_the_dtype_of_their_values() -> None:
    data = fact("int64", ("N",))
    assert ml("LabelEncoder", [data], {"values_strings": ("a",)}) == [fact("string", ("N",))]
    assert ml("LabelEncoder", [data], {}, opset=1) == [fact("string", ("N",))]
    tensor = Attribute("values_tensor", "tensor", Tensor("", "float64", (3,), Storage("raw")))
    assert ml("LabelEncoder", [data], {"values_tensor": tensor}, opset=4) == [fact("float64", ("N",))]
    assert ml("ArrayFeatureExtractor", [fact("float32", ("N", 5)), fact("int64", (1, 2))], {})[0].shape == ("N", 2)
    assert ml("OneHotEncoder", [data], {"cats_int64s": (1, 2, 3)}) == [fact("float32", ("N", 3))]
