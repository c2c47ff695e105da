"""A report in the formats of CI servers: GitLab's Code Quality, and JUnit's XML."""

import json
from collections import Counter
from xml.sax.saxutils import escape, quoteattr

from groundrules.rules.findings import Finding, Report
from groundrules.rules.report.formats import from_here
from groundrules.terminal import harmless


def as_gitlab(report: Report) -> str:
    """Return the report as GitLab's Code Quality artifact; unused ignores are of severity `info`."""
    seen = Counter[tuple[str, str, str]]()
    issues = []
    for each in report.findings:
        key = (each.path, each.definition, each.rule)
        seen[key] += 1
        issues.append(
            {
                "description": f"{each.message} {each.fix}",
                "check_name": each.rule,
                "fingerprint": _fingerprint(*key, str(seen[key])),
                "severity": "major",
                "location": {
                    "path": from_here(report, each.path),
                    "lines": {"begin": each.line},
                },
            }
        )
    for unused in report.unused_ignores:
        issues.append(
            {
                "description": unused.message,
                "check_name": "unused ignore",
                "fingerprint": _fingerprint("unused", unused.path, str(unused.line), unused.rule),
                "severity": "info",
                "location": {
                    "path": from_here(report, unused.path),
                    "lines": {"begin": unused.line},
                },
            }
        )
    return json.dumps(issues, indent=2)


def _fingerprint(*parts: str) -> str:
    """Return what GitLab recognizes a finding by from commit to commit: lines move, so none is part of it."""
    from hashlib import blake2b

    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def as_junit(report: Report) -> str:
    """Return the report as JUnit's XML: a failed test for each finding, or one that passes."""
    cases = [_failed(report, each) for each in report.findings] or [
        f'    <testcase classname="groundrules" name={_quoted(report.package)} time="0"/>'
    ]
    told = [
        *report.notes,
        *(f"{each.path}:{each.line} {each.message}" for each in report.unused_ignores),
    ]
    out = [f"    <system-out>{_text(chr(10).join(told))}</system-out>"] if told else []
    count = len(report.findings)
    suite = f'name="groundrules" tests="{len(cases)}" failures="{count}" errors="0" skipped="0" time="0"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<testsuites tests="{len(cases)}" failures="{count}" errors="0" time="0">',
            f"  <testsuite {suite}>",
            *cases,
            *out,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


def _failed(report: Report, finding: Finding) -> str:
    path = from_here(report, finding.path)
    place = f"{path}:{finding.line}:{finding.column}"
    body = (
        f"{place}\n{finding.message}\nWhy: {finding.why}\nFix: {finding.fix}\nDocs: {finding.docs}"
    )
    return (
        f"    <testcase classname={_quoted(path)} name={_quoted(f'{finding.rule} {place}')} "
        f'file={_quoted(path)} line="{finding.line}" time="0">\n'
        f"      <failure type={_quoted(finding.rule)} message={_quoted(finding.message)}>"
        f"{_text(body)}</failure>\n    </testcase>"
    )


def _quoted(text: str) -> str:
    return quoteattr(harmless(text))


def _text(text: str) -> str:
    return escape("\n".join(harmless(line) for line in text.split("\n")))
