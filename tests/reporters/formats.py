"""Writing reports in tests, and reading them back the way their consumers do."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import jsonschema
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sentis_lint.reporters import Run, Style, reporter

_SARIF = json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
_SARIF_VALIDATOR = jsonschema.Draft4Validator(_SARIF)

GITLAB_SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def written(name: str, run: Run, style: Style | None = None) -> str:
    """What a reporter writes."""
    out = io.StringIO()
    reporter(name).write(run, out, style or Style())
    return out.getvalue()


def sarif(text: str) -> Any:
    """The one run of a SARIF log that follows the official schema."""
    log = json.loads(text)
    _SARIF_VALIDATOR.validate(log)
    (run,) = log["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids))
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
    return run


def gitlab(text: str) -> list[Any]:
    """The entries of a code quality report that has the documented fields."""
    entries = json.loads(text)
    for entry in entries:
        assert list(entry) == ["description", "check_name", "fingerprint", "severity", "location"]
        assert entry["severity"] in GITLAB_SEVERITIES
        assert not entry["location"]["path"].startswith("./")
        assert entry["location"]["lines"]["begin"] == 1
    fingerprints = [entry["fingerprint"] for entry in entries]
    assert len(fingerprints) == len(set(fingerprints))
    return list(entries)


class Command(NamedTuple):
    """A workflow command as the runner understands it."""

    name: str
    properties: dict[str, str]
    message: str


_COMMAND = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>.*?))?::(?P<message>.*)")


def github(text: str) -> tuple[list[Command], list[str]]:
    """Workflow commands, and the other lines of a log; read as the runner does, which trims lines first."""
    commands, others = [], []
    for line in text.removesuffix("\n").split("\n"):
        assert "##[" not in line or line.startswith("::")  # the older form of commands, found anywhere in a line
        match = _COMMAND.fullmatch(line.strip())
        if match is None:
            assert not line.strip().startswith("::")
            others.append(line)
            continue
        properties = dict(entry.split("=", 1) for entry in (match["properties"] or "").split(",") if entry)
        values = {key: _unescaped(value, properties=True) for key, value in properties.items()}
        commands.append(Command(match["name"], values, _unescaped(match["message"])))
    return commands, others


def _unescaped(text: str, *, properties: bool = False) -> str:
    for escaped, char in (("%0D", "\r"), ("%0A", "\n"), *((("%3A", ":"), ("%2C", ",")) if properties else ())):
        text = text.replace(escaped, char)
    return text.replace("%25", "%")


def junit(text: str) -> ElementTree.Element:
    """A report of the shape that Jenkins' schema asks for, its counts right."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    totals = {"tests": 0, "failures": 0, "errors": 0}
    for suite in root:
        assert (suite.tag, set(suite.attrib)) == (
            "testsuite",
            {"name", "tests", "failures", "errors", "skipped", "time"},
        )
        counts = {"tests": len(suite), "failures": 0, "errors": 0}
        for case in suite:
            assert (case.tag, set(case.attrib)) == ("testcase", {"name", "classname", "time"})
            tags = [child.tag for child in case]
            assert tags in ([], ["failure"], ["error"], ["system-out"], ["failure", "system-out"])
            counts["failures"] += "failure" in tags
            counts["errors"] += "error" in tags
            for child in case:
                assert set(child.attrib) == (set() if child.tag == "system-out" else {"message", "type"})
        assert {key: int(suite.attrib[key]) for key in counts} == counts
        totals = {key: totals[key] + counts[key] for key in totals}
    assert {key: int(root.attrib[key]) for key in totals} == totals
    return root


_OWN_HTML = re.compile(r"<details><summary><code>[^<>]*</code>: [^<>]*</summary>\n?|</details>\n?|<br>|<!-- -->")


def markdown(text: str) -> list[Token]:
    """The tokens of a report in which nothing but our own HTML, tables, lists, code and strong type occurs."""
    parser = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
    tokens = [inner for token in parser.parse(text) for inner in (token, *(token.children or ()))]
    for token in tokens:
        if token.type in {"html_block", "html_inline"}:
            assert _OWN_HTML.fullmatch(token.content), token.content
        kind = re.sub(r"_(open|close)$", "", token.type)
        assert kind in {
            *("table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "paragraph", "inline", "text"),
            *("code_inline", "strong", "softbreak", "html_block", "html_inline", "text_special"),
        }, token
    return tokens


def columns(tokens: list[Token]) -> set[int]:
    """How many cells the rows of the tables have."""
    counts, count = set(), 0
    for token in tokens:
        count = 0 if token.type == "tr_open" else count + (token.type in {"th_open", "td_open"})
        if token.type == "tr_close":
            counts.add(count)
    return counts
