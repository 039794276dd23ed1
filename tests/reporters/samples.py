"""Reports made by hand for the tests of reporters: every kind of line, and names that a hostile model might hold."""

from __future__ import annotations

from sentis_lint.findings import (
    Confidence,
    Effect,
    FileError,
    Finding,
    Location,
    ModelReport,
    ModelSummary,
    TargetResult,
)
from sentis_lint.reporters import Run

TARGETS = ["sentis@2.2.0", "sentis@2.2.1", "sentis@2.3.0", "sentis@2.4.0"]

HOSTILE = "a\x1b[2J\n\u202e[red]x\udc80"


def unsupported(target: str) -> Finding:
    """An operator that nobody imports, in many places, with consequences."""
    nodes = [Location("", 3, "If", "/If")]
    nodes += [Location("If_3.then_branch", index, "If", None) for index in range(18)]
    return Finding(
        rule="operator-unsupported",
        limit=None,
        target=target,
        effect=Effect.REJECTED,
        confidence=Confidence.CERTAIN,
        message="If is imported by no Sentis release",
        help="freeze the input that the condition depends on, and fold the graph",
        subject="If",
        locations=nodes,
        consequences=[Location("", 5, "Add", "/Add", "/If_output_0"), Location("", 6, "Relu", None, "y")],
    )


def limited(target: str, effect: Effect, confidence: Confidence, name: str = "/pool") -> Finding:
    """A limit of the tables."""
    return Finding(
        rule="attribute-ignored",
        limit="AveragePool/ceil-mode",
        target=target,
        effect=effect,
        confidence=confidence,
        message="the output is computed with ceil_mode=0 and has another shape",
        help="export with ceil_mode=0",
        subject="AveragePool",
        locations=[Location("", 7, "AveragePool", name)],
    )


def whole_model(target: str) -> Finding:
    """Something about the model as a whole, with a name from the model in it."""
    return Finding(
        rule="opset-undocumented",
        limit=None,
        target=target,
        effect=Effect.UNDOCUMENTED,
        confidence=Confidence.CERTAIN,
        message=f"opset 16 is outside the documented 7–15 {HOSTILE}",
        help="",
        subject="opset 16",
        locations=[Location()],
    )


def reports() -> list[ModelReport]:
    """One report of each kind."""
    summary = ModelSummary("onnx", 16, 689, 19, "pytorch 1.12.0", 2_000_000)
    rejected = [
        TargetResult(target, [unsupported(target), whole_model(target)])
        if target != "sentis@2.2.1"
        else TargetResult(target, [])
        for target in TARGETS
    ]
    mixed = [
        TargetResult(
            target,
            [
                limited(target, Effect.WRONG, Confidence.DOCUMENTED),
                limited(target, Effect.ALTERED, Confidence.LIKELY, HOSTILE),
                limited(target, Effect.REJECTED, Confidence.POSSIBLE, ""),
                limited(target, Effect.SLOW, Confidence.CERTAIN),
            ],
        )
        for target in TARGETS
    ]
    one_node = ModelSummary("litert", None, 1, 1, HOSTILE, 100)
    return [
        ModelReport("Assets/silero_vad.onnx", summary, results=rejected),
        ModelReport("Assets/fine.tflite", one_node, results=[TargetResult(target, []) for target in TARGETS]),
        ModelReport(f"Assets/{HOSTILE}.onnx", ModelSummary("onnx", None, 2, 1, "", 1), results=mixed),
        ModelReport("gone.onnx", None, FileError("missing", "no such file", None, 'did you mean "done.onnx"?')),
        ModelReport("cut.onnx", None, FileError("truncated", f"{HOSTILE} ends too early", 4096)),
    ]


def run(*models: ModelReport) -> Run:
    """A run over these models, or over all of `reports`; they can be walked once, as in a real run."""
    return Run(TARGETS, iter(models or reports()), "0.0.0")
