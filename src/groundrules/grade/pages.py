"""What the pages have in common: one style, nothing from outside, and no markup but the tool's own."""

from html import escape

from groundrules.terminal import harmless

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #f2f4f7; --line: #c9ced6;
  --good: #0b6b34; --bad: #a61b1b; --dim: #57606a; --link: #0a4fb3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaee; --paper: #15181c; --soft: #20252b;
  --line: #3c444d; --good: #6fdc9a; --bad: #ff9a93; --dim: #a3adb8; --link: #8ab9ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 110rem; padding: 1rem 1.5rem 4rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.5rem; font-size: 1.3rem; } h3 { font-size: 1.05rem; }
a { color: var(--link); } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; font-size: .9rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--dim); padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .2rem .5rem; text-align: left; }
th { background: var(--soft); font-weight: 600; }
td.n { text-align: right; } td.c { text-align: center; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); }
.wide { overflow: auto; max-height: 80vh; border: 1px solid var(--line); }
.wide table { border: 0; } .wide thead th { position: sticky; top: 0; z-index: 1; }
.wide th[scope=row] { position: sticky; left: 0; white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
input { font: inherit; padding: .3rem .5rem; width: 18rem; background: var(--paper); color: var(--ink);
  border: 1px solid var(--dim); }
"""


def page(title: str, body: str, script: str = "") -> str:
    """Return a whole page; `body` and `script` are the tool's own, and `title` is not."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        + (f"<script>{script}</script>\n" if script else "")
        + "</body>\n</html>\n"
    )


def text(value: str) -> str:
    """Return somebody else's text as it can stand in a page: no markup, and nothing that does not print."""
    return escape("\n".join(harmless(line) for line in value.splitlines()))


def counted(number: int, what: str) -> str:
    """Return `1 task` or `2 tasks`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
