"""Strings and encoded images."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim
from sentis_lint.inference.facts import Fact, broadcast
from sentis_lint.inference.onnx.call import Call, Handler, Unclear

_CHANNELS = {"RGB": 3, "BGR": 3, "Grayscale": 1}


def _normalize(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    if shape is None or len(shape) not in (1, 2):
        return (Fact("string", None),)
    # Stop words are taken out, and a result without words is one empty string.
    length = None if call.present("stopwords") else shape[-1]
    return (Fact("string", (*shape[:-1], length)),)


def _concat(call: Call) -> Sequence[Fact]:
    return (Fact("string", broadcast((call.shape(0), call.shape(1)))),)


def _split(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    return (Fact("string", None if shape is None else (*shape, None)), Fact("int64", shape))


def _full_match(call: Call) -> Sequence[Fact]:
    return (Fact("bool", call.shape(0)),)


def _tfidf(call: Call) -> Sequence[Fact]:
    shape, indexes = call.shape(0), call.integers("ngram_indexes")
    if not indexes or shape is None:
        return (Fact("float32", None),)
    width: Dim = max(indexes) + 1
    if len(shape) not in (1, 2):
        raise Unclear("rank")
    return (Fact("float32", (*shape[:-1], width)),)


def _decode_image(call: Call) -> Sequence[Fact]:
    # An image that cannot be decoded gives an empty matrix, whose shape nobody says.
    channels = _CHANNELS.get(call.string("pixel_format", "RGB"))
    return (Fact("uint8", (None, None, channels)),)


HANDLERS: dict[str, Handler] = {
    "ImageDecoder": _decode_image,
    "RegexFullMatch": _full_match,
    "StringConcat": _concat,
    "StringNormalizer": _normalize,
    "StringSplit": _split,
    "TfIdfVectorizer": _tfidf,
}
