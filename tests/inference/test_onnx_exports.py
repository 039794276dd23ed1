"""Shape arithmetic as exporters write it: without it, most targets of Reshape, Expand and Resize stay unknown."""

from __future__ import annotations

from tests.inference.graphs import elements, infer, output, shape


def test_pytorch_view_keeps_a_symbolic_batch_and_multiplies_the_rest() -> None:
    text = """s = Shape (float[N,64,7,7] x); b = Gather (s, int64[] i = {0}); u = Unsqueeze (b, int64[1] a = {0});
        t = Concat <axis=0> (u, int64[1] m = {-1}); y = Reshape (x, t)"""
    assert shape(text) == ("N", 3136)


def test_pytorch_flatten_of_unknown_batch_still_knows_the_features() -> None:
    assert shape("y = Flatten <axis=1> (float[?,512,1,1] x)") == (None, 512)
    assert shape("y = Reshape (float[?,512,1,1] x, int64[2] t = {0, -1})") == (None, 512)
    assert shape("y = Reshape (float[N,512,1,1] x, int64[2] t = {0, -1})") == ("N", 512)


def test_attention_heads_are_split_and_joined_with_symbolic_batch_and_length() -> None:
    text = """s = Shape (float[B,T,768] x); b = Gather (s, int64[] i0 = {0}); t = Gather (s, int64[] i1 = {1});
        bu = Unsqueeze (b, int64[1] a = {0}); tu = Unsqueeze (t, a);
        split = Concat <axis=0> (bu, tu, int64[1] h = {12}, int64[1] d = {64});
        heads = Reshape (x, split); turned = Transpose <perm=[0,2,1,3]> (heads);
        back = Transpose <perm=[0,2,1,3]> (turned); join = Concat <axis=0> (bu, tu, int64[1] m = {-1});
        y = Reshape (back, join)"""
    facts = infer(text)
    assert facts["heads"].shape == ("B", "T", 12, 64)
    assert facts["turned"].shape == ("B", 12, "T", 64)
    assert facts["y"].shape == ("B", "T", 768)


def test_pytorch_expand_replaces_minus_one_by_the_size_itself() -> None:
    text = """s = Shape (float[N,1,4] x); ones = ConstantOfShape <value=int64[1] {1}> (int64[1] r = {3});
        minus = Mul (ones, int64[] m = {-1});
        wanted = Concat <axis=0> (int64[1] a = {-1}, int64[1] b = {5}, int64[1] c = {4});
        e = Equal (wanted, minus); t = Where (e, ones, wanted); y = Expand (x, t)"""
    assert shape(text) == ("N", 5, 4)


def test_a_size_is_never_equal_to_minus_one() -> None:
    text = """s = Shape (float[N,3] x); e = Equal (s, int64[2] m = {-1, -1}); t = Where (e, int64[2] o = {1, 1}, s);
        y = Expand (float[1,3] z, t)"""
    facts = infer(text)
    assert facts["t"].elements == ("N", 3)
    assert facts["y"].shape == ("N", 3)


def test_interpolate_with_computed_sizes_gives_the_doubled_image() -> None:
    text = """s = Shape (float[N,16,20,30] x); hw = Slice (s, int64[1] a = {2}, int64[1] b = {4}, int64[1] c = {0});
        f = Cast <to=1> (hw); d = Mul (f, float[2] k = {2.0, 2.0}); r = Floor (d); i = Cast <to=7> (r);
        nc = Slice (s, int64[1] p = {0}, int64[1] q = {2}, c); sizes = Concat <axis=0> (nc, i);
        y = Resize <mode="nearest"> (x, "", "", sizes)"""
    assert shape(text) == ("N", 16, 40, 60)


def test_pytorch_pad_list_is_turned_round_into_onnx_order() -> None:
    text = """p = Concat <axis=0> (int64[4] a = {1, 2, 3, 4}, int64[4] z = {0, 0, 0, 0});
        r = Reshape (p, int64[2] m = {-1, 2});
        v = Slice (r, int64[1] s = {-1}, int64[1] e = {-9223372036854775807}, int64[1] x0 = {0}, int64[1] t = {-1});
        w = Transpose <perm=[1,0]> (v); f = Reshape (w, int64[1] n = {-1}); y = Pad (float[1,2,10,20] x, f)"""
    facts = infer(text)
    assert facts["f"].elements == (0, 0, 3, 1, 0, 0, 4, 2)
    assert facts["y"].shape == (1, 2, 17, 23)


def test_tensorflow_reshape_through_int32_shapes() -> None:
    text = """s = Shape (float[N,8,8,32] x); c = Cast <to=6> (s);
        b = Slice (c, int64[1] p = {0}, int64[1] q = {1}, int64[1] a = {0}); u = Squeeze (b, a);
        v = Unsqueeze (u, a); t = Concat <axis=0> (v, int32[1] m = {2048}); l = Cast <to=7> (t); y = Reshape (x, l)"""
    assert shape(text) == ("N", 2048)


def test_number_of_elements_as_a_product_of_the_shape() -> None:
    assert elements("s = Shape (float[2,3,5] x); y = ReduceProd <keepdims=0> (s)") == (30,)
    assert elements("y = Size (float[2,3,5] x)") == (30,)
    assert elements("y = Size (float[N,1,1] x)") == ("N",)
    assert elements("y = Size (float[N,2,1] x)") is None


def test_positions_up_to_a_symbolic_length() -> None:
    text = """s = Shape (int64[B,T] x); t = Gather (s, int64[] i = {1});
        r = Range (int64[] z = {0}, t, int64[] o = {1}); y = Unsqueeze (r, int64[1] a = {0})"""
    assert shape(text) == (1, "T")


def test_half_of_the_channels_by_integer_division() -> None:
    text = """s = Shape (float[1,64,8,8] x); c = Gather (s, int64[] i = {1}); h = Div (c, int64[] two = {2});
        a = Unsqueeze (h, int64[1] z = {0}); y = Slice (x, z, a, int64[1] one = {1})"""
    assert shape(text) == (1, 32, 8, 8)


def test_a_mask_from_the_non_zero_places_of_a_constant() -> None:
    text = """c = ConstantOfShape <value=int64[1] {1}> (int64[1] n = {3}); i = NonZero (c); t = Transpose (i);
        y = Squeeze (t, int64[1] a = {1})"""
    assert elements(text) == (0, 1, 2)


def test_constant_flag_survives_a_chain_that_is_too_large_to_follow() -> None:
    fact = output("w = ConstantOfShape (int64[2] s = {64, 64}); y = Transpose (w)")
    assert fact.constant
    assert fact.elements is None
    assert fact.shape == (64, 64)
