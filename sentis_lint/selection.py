"""Which findings a user asked for: `--select`, `--ignore` and `--severity`.

A code is a rule (``opset-undocumented``), an operator (``Conv``), a pattern of several (``matmul-bias``) or one limit
(``Conv/spatial-rank``, ``model/rank``). A verdict is what the target does, so it never depends on a selection: findings
that are left out stay with their result as `SelectedResult.hidden`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sentis_lint.findings import Finding, ModelReport, Severity, TargetResult, Verdict
from sentis_lint.records import field, record
from sentis_lint.wording import did_you_mean

if TYPE_CHECKING:
    from sentis_lint.tables import FormatTables, Limit


class SelectionError(Exception):
    """A code that names no rule, operator or limit; the message names the nearest that does."""


@record
class SelectedResult(TargetResult):
    """What is shown of a result, with what is not."""

    hidden: list[Finding] = field(default_factory=list)
    """Findings that `--select`, `--ignore` or `--severity` left out."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the whole result."""
        return TargetResult(self.target, [*self.findings, *self.hidden]).verdict


class Selection(NamedTuple):
    """What to keep; everything by default."""

    select: tuple[str, ...] = ()
    """Keep only findings that one of these codes names; all if empty."""
    ignore: tuple[str, ...] = ()
    """Then drop those that one of these names."""
    severity: Severity = Severity.NOTE
    """Then drop what is less severe."""

    def chosen(self, finding: Finding) -> bool:
        """Whether the codes keep it, its severity aside."""
        if self.select and not any(names(code, finding) for code in self.select):
            return False
        return not any(names(code, finding) for code in self.ignore)

    def keeps(self, finding: Finding) -> bool:
        """Whether it is shown."""
        return finding.severity.rank <= self.severity.rank and self.chosen(finding)

    def apply(self, report: ModelReport) -> None:
        """Leave in `report` what is to be shown."""
        report.results = [self._selected(result) for result in report.results]

    def _selected(self, result: TargetResult) -> SelectedResult:
        shown = [finding for finding in result.findings if self.keeps(finding)]
        hidden = [finding for finding in result.findings if not self.keeps(finding)]
        return SelectedResult(result.target, shown, result.basis, result.documented, hidden)


def hidden_in(result: TargetResult) -> Sequence[Finding]:
    """The findings of a result that a selection left out."""
    return result.hidden if isinstance(result, SelectedResult) else ()


def names(code: str, finding: Finding) -> bool:
    """Whether `code` names the finding: its rule, its limit, the owner of its limit, or the operator it is about."""
    if code in {finding.rule, finding.limit, finding.subject}:
        return True
    if finding.limit is not None:
        return finding.limit.partition("/")[0] == code
    # A custom operator is known by its full name, domain first; its last part will do.
    return finding.subject.rpartition(".")[2] == code


def parse_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Codes from option values, each a comma-separated list.

    Raises:
        SelectionError: one names nothing.
    """
    codes = tuple(code for text in texts for part in text.split(",") if (code := part.strip()))
    if codes:
        _check(codes)
    return codes


def _check(codes: Sequence[str]) -> None:
    from sentis_lint import tables, targets

    every = [
        tables.tables(family, name)
        for family in targets.catalogue()
        for name in sorted({name for release in family.releases for name in release.formats})
    ]
    patterns = {limit.id for table in every for limit, _ in table.pattern_files}
    known = {*tables.rules(), *(name for table in every for name in table.names), "model"}
    known.update(limit.partition("/")[0] for limit in patterns)
    for code in codes:
        owner, slash, _ = code.partition("/")
        if slash and owner in known:
            limits = patterns | {limit.id for table in every for limit in _limits(table, owner)}
            if code not in limits:
                raise SelectionError(f"no limit is called {code!r}{did_you_mean(code, limits)}")
        elif owner not in known and "." not in code:  # with a dot: a custom operator, which no table knows
            raise SelectionError(f"no rule, operator or limit is called {code!r}{did_you_mean(owner, known)}")


def _limits(table: FormatTables, owner: str) -> Iterable[Limit]:
    if owner == "model":
        return table.model_limits
    operator = table.operator(owner)
    return operator.limits if operator is not None else ()
