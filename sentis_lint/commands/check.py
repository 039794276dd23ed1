"""``sentis-lint check PATH…``: which releases import these models, and why not."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence

from sentis_lint import __version__
from sentis_lint.commands import Status, UsageError, choice
from sentis_lint.discovery import Candidate, Discovery, discover, read_list
from sentis_lint.escape import printable
from sentis_lint.findings import FileError, ModelReport, Severity
from sentis_lint.reporters import REPORTERS, Run, reporter
from sentis_lint.selection import Selection, SelectionError, parse_codes
from sentis_lint.surroundings import Surroundings, check
from sentis_lint.targets import Target, TargetError, resolve
from sentis_lint.wording import counted

_SEVERITIES = [severity.value for severity in Severity]

_MANY_OBJECTS = 500_000
"""New objects after which a run over many models collects garbage, about 50 MB."""

_PATIENCE = 1.0
"""Seconds after which a run on a terminal shows how far it is."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files, folders or globs; - reads a list of them from standard input"
    )
    what = parser.add_argument_group("what to check")
    what.add_argument(
        "-t",
        "--target",
        action="append",
        metavar="TARGET",
        help="sentis@2.4.0, sentis@2.4, sentis@all, sentis@>=2.2, each also with a backend (sentis@2.4/GPUCompute); "
        "repeatable, commas separate several (default: the release of the Unity project around a file, "
        "else the newest)",
    )
    what.add_argument(
        "--select",
        action="append",
        metavar="CODE",
        help="only these rules, operators or limits (opset-form, Conv, Conv/spatial-rank)",
    )
    what.add_argument("--ignore", action="append", metavar="CODE", help="not these rules, operators or limits")
    what.add_argument(
        "--pedantic",
        action="store_true",
        help="also report what depends on values seen only at run time (NaN, infinities, integers that wrap around)",
    )
    what.add_argument(
        "--severity",
        type=choice(_SEVERITIES),
        default="note",
        metavar="{error,warning,note}",
        help="the least severity shown (default: note)",
    )
    what.add_argument(
        "--fail-on",
        type=choice([*_SEVERITIES, "never"]),
        default="error",
        metavar="{error,warning,note,never}",
        help="the least severity that makes the exit status 1 (default: error)",
    )
    output = parser.add_argument_group("output")
    formats = ", ".join(REPORTERS)
    output.add_argument(
        "-f", "--format", type=choice(REPORTERS), default="text", metavar="FORMAT", help=f"{formats} (default: text)"
    )
    output.add_argument(
        "--concise", action="store_true", help="text: one finding a line (path: target: severity: message [rule])"
    )
    output.add_argument("-o", "--output-file", metavar="FILE", help="write the report to FILE")
    output.add_argument("-q", "--quiet", action="store_true", help="findings only: no models that are fine, no summary")
    output.add_argument(
        "--no-color", action="store_true", help="no colour (NO_COLOR and FORCE_COLOR in the environment count too)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check what the arguments name; returns the exit status.

    Raises:
        UsageError: an option's value makes no sense, or there is nothing to check.
    """
    from sentis_lint.output import opened, style_for

    if arguments.concise and arguments.format != "text":
        raise UsageError(f"--concise shortens the text report and does not go with --format {arguments.format}")
    try:
        targets = resolve(arguments.target or ["sentis"])
        # Who asks about no release in particular wants to know which to use.
        lists_others = arguments.format == "text" and not arguments.concise
        others = _others(targets if arguments.target else []) if lists_others else []
        selection = Selection(
            parse_codes(arguments.select or ()), parse_codes(arguments.ignore or ()), Severity(arguments.severity)
        )
    except TargetError as error:
        raise UsageError(f"{error}; `sentis-lint targets` lists them") from error
    except SelectionError as error:
        raise UsageError(str(error)) from error
    discovery = discover(_paths(arguments.paths))
    watch = _Watch(arguments.fail_on, selection)
    surroundings = Surroundings(targets if arguments.target else None, targets)
    checked = [candidate.path for candidate in discovery.candidates]
    if checked or not discovery.problems:
        with opened(arguments.output_file, checked) as out:
            progress = _Progress(len(checked), enabled=sys.stderr.isatty() and not out.isatty())
            models = watch.over(_checked(discovery.candidates, surroundings, others, progress, arguments.pedantic))
            style = style_for(out, no_colour=arguments.no_color, quiet=arguments.quiet)
            style = style._replace(concise=arguments.concise)
            every = surroundings.targets(checked)
            reporter(arguments.format).write(Run([str(target) for target in every], models, __version__), out, style)
            progress.done()
    _explain(discovery, surroundings.notices)
    return watch.status(bool(discovery.problems))


def _others(asked: Sequence[Target]) -> list[Target]:
    """Targets for the lines that say what else there is: every release, or the other backends of those asked for."""
    if not asked:
        return resolve(["sentis@all"])
    backends = [
        Target(target.family, target.release, backend)
        for target in asked
        for backend in target.family.backends
        if target.backend is not None
    ]
    named = {str(target) for target in asked}
    return [target for target in backends if str(target) not in named]


def _paths(arguments: Sequence[str]) -> list[str]:
    if not arguments:
        raise UsageError("no path given: name a model, a folder or - for a list on standard input")
    paths = []
    for argument in arguments:
        if argument == "-":
            listed = read_list(os.fsdecode(sys.stdin.buffer.read()))
            if not listed:
                raise UsageError("standard input names no path")
            paths += listed
        else:
            paths.append(argument)
    if "" in paths:
        raise UsageError("an empty path")
    return paths


def _explain(discovery: Discovery, notices: Sequence[str]) -> None:
    for problem in (*notices, *discovery.problems):
        print(f"sentis-lint: {problem}", file=sys.stderr)
    if discovery.foreign and discovery.candidates:
        skipped = counted(discovery.foreign, "file")
        print(f"sentis-lint: skipped {skipped} in other formats (name one to learn more)", file=sys.stderr)


def _checked(
    candidates: Sequence[Candidate],
    surroundings: Surroundings,
    others: Sequence[Target],
    progress: _Progress,
    pedantic: bool,
) -> Iterator[ModelReport]:
    for candidate in candidates:
        progress.step(candidate.shown)
        if candidate.error is not None:
            yield ModelReport(candidate.shown, None, candidate.error)
            continue
        try:
            report = check(candidate.path, surroundings.plan(candidate.path), others, pedantic=pedantic)
        except Exception as error:  # one model that we fail on must not keep the others from being checked
            if os.environ.get("SENTIS_LINT_DEBUG"):
                raise
            message = f"sentis-lint failed on this file: {type(error).__name__}: {error}"
            report = ModelReport(candidate.shown, None, FileError("internal", message, help=_REPORT_IT))
        report.path = candidate.shown
        yield report
        if gc.get_count()[0] > _MANY_OBJECTS:
            gc.collect()


_REPORT_IT = "please report it; SENTIS_LINT_DEBUG=1 in the environment shows where it happened"


class _Watch:
    """Sees the reports on their way to the reporter: applies the selection and remembers what decides the status."""

    def __init__(self, fail_on: str, selection: Selection) -> None:
        self._threshold = -1 if fail_on == "never" else Severity(fail_on).rank
        self._selection = selection
        self._failed = self._unreadable = self._internal = False

    def over(self, reports: Iterator[ModelReport]) -> Iterator[ModelReport]:
        """The reports, with what is not to be shown set aside."""
        for report in reports:
            if report.error is not None:
                self._internal |= report.error.kind == "internal"
                self._unreadable |= report.error.kind != "internal"
            # A finding that only --severity hides still counts for --fail-on.
            self._failed = self._failed or any(
                finding.severity.rank <= self._threshold and self._selection.chosen(finding)
                for result in report.results
                for finding in result.findings
            )
            self._selection.apply(report)
            yield report

    def status(self, usage_problem: bool) -> Status:
        """The exit status of the run."""
        if usage_problem or self._internal:
            return Status.USAGE
        if self._unreadable:
            return Status.UNREADABLE
        return Status.FINDINGS if self._failed else Status.OK


class _Progress:
    """How far a long run is, on standard error of a terminal."""

    def __init__(self, total: int, *, enabled: bool) -> None:
        self._total = total
        self._enabled = enabled and total > 1
        self._start = time.monotonic()
        self._at = 0
        self._shown = False

    def step(self, path: str) -> None:
        """The next file begins."""
        self._at += 1
        if self._enabled and time.monotonic() - self._start > _PATIENCE:
            self._shown = True
            print(f"\r\x1b[K{self._at}/{self._total} {printable(path, 60)}", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        """The run is over: take the line away."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
