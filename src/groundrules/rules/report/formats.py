"""A report in the formats that machines read."""

import json
from typing import Any

from groundrules import __version__
from groundrules.rules.findings import Finding, Report
from groundrules.rules.registry import all_rules
from groundrules.terminal import harmless

_ANNOTATIONS = 10  # that GitHub shows of a kind and a step
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_concise(report: Report) -> str:
    """Return a line for each finding, and nothing else."""
    return "\n".join(
        f"{harmless(from_here(report, each.path))}:{each.line}:{each.column}: {each.rule} "
        f"{harmless(each.message)} {harmless(each.fix)}"
        for each in report.findings
    )


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    findings = [
        {
            "rule": each.rule,
            "name": each.name,
            "path": each.path,
            "line": each.line,
            "column": each.column,
            "message": each.message,
            "why": each.why,
            "fix": each.fix,
            "docs": each.docs,
            "definition": each.definition,
        }
        for each in report.findings
    ]
    whole = {
        "version": 1,
        "root": report.root,
        "package": report.package,
        "files": report.files,
        "unread": report.unread,
        "findings": findings,
        "notes": list(report.notes),
        "held": report.held,
        "unused_ignores": [
            {"rule": each.rule, "path": each.path, "line": each.line, "message": each.message}
            for each in report.unused_ignores
        ],
    }
    return json.dumps(whole, indent=2)


def as_github(report: Report) -> str:
    """Return the report as GitHub's workflow commands, a line for each finding, note and unused ignore."""
    told = list(report.notes)
    if len(report.findings) > _ANNOTATIONS:
        told.append(
            f"GitHub annotates {_ANNOTATIONS} of the {len(report.findings)} findings: the log has all."
        )
    notes = [f"::notice title=groundrules::{_data(each)}" for each in told]
    errors = [
        f"::error file={_property(from_here(report, each.path))},line={each.line},col={each.column},"
        f"title={_property(f'{each.rule} {each.name}')}::{_data(f'{each.message} {each.fix}')}"
        for each in report.findings
    ]
    warnings = [
        f"::warning file={_property(from_here(report, each.path))},line={each.line},"
        f"title=unused ignore::{_data(each.message)}"
        for each in report.unused_ignores
    ]
    return "\n".join([*notes, *errors, *warnings])


def as_sarif(report: Report) -> str:
    """Return the report as a SARIF 2.1.0 log."""
    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.name.replace("-", " ")},
            "fullDescription": {"text": rule.rationale},
            "help": {"text": rule.fix},
            **({"helpUri": report.docs_url.format(code=rule.code)} if report.docs_url else {}),
        }
        for rule in all_rules()
    ]
    rules += [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.name.replace("-", " ")},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.fix},
            **({"helpUri": rule.docs} if rule.docs.startswith("https://") else {}),
        }
        for rule in report.own
    ]
    driver = {"name": "groundrules", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(report, each) for each in report.findings],
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _notifications(report)}
        ],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _notifications(report: Report) -> list[dict[str, Any]]:
    """Return the notes, and the ignores that silence nothing, with their places."""
    notes = [{"level": "note", "message": {"text": each}} for each in report.notes]
    unused = [
        {
            "level": "warning",
            "message": {"text": each.message},
            "locations": [
                {"physicalLocation": _place(report, each.path, {"startLine": each.line})}
            ],
        }
        for each in report.unused_ignores
    ]
    return [*notes, *unused]


def _place(report: Report, path: str, region: dict[str, int]) -> dict[str, Any]:
    from urllib.parse import quote

    return {"artifactLocation": {"uri": quote(from_here(report, path))}, "region": region}


def _sarif_result(report: Report, finding: Finding) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endColumn": max(finding.end_column, finding.column + 1),
    }
    return {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": f"{finding.message} {finding.fix}"},
        "locations": [{"physicalLocation": _place(report, finding.path, region)}],
    }


def from_here(report: Report, path: str) -> str:
    """Return the path from the working folder, which is what such readers take for the root."""
    from pathlib import Path, PurePosixPath

    root = Path(report.root).as_posix()
    return str(PurePosixPath(root) / path)


def _data(text: str) -> str:
    """Return a text as a command's data; a log shows it on a terminal, perhaps."""
    printable = "".join(each if each in "\r\n" else harmless(each) for each in text)
    return printable.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
