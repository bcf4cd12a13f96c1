"""Makes the greeting a web page that reloads itself."""

import html
import re
from pathlib import Path

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def render(text, commit, built):
    """Returns the page. What is filled in is shown as it is written, and is never HTML."""
    values = {"Text": text, "Commit": commit[:7], "Built": built}
    return re.sub(r"\{\{\.(\w+)}}", lambda field: html.escape(values[field[1]]), PAGE)
