"""HTML of posts as text: no tags, no scripts; lines and whole addresses kept. Pure."""

from __future__ import annotations

from html.parser import HTMLParser

LONGEST = 200_000  # characters of HTML that are read
BREAKS = ("br", "p", "div", "li", "blockquote", "tr", "h1", "h2", "h3")
SILENT = ("script", "style", "template", "noscript")


class _Reader(HTMLParser):
    """Collects text and links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self.href: str | None = None
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in SILENT:
            self.silent += 1
        elif tag in BREAKS and self.parts:
            self.parts.append("\n")
        elif tag == "a" and (href := known.get("href")):
            classes = (known.get("class") or "").split()
            if "mention" not in classes and "hashtag" not in classes:
                self.links.append(href)
                self.href = href

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "a" and self.href is not None:
            self.href = None
        elif tag == "p":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if self.href is not None and data.strip("… ") in self.href:
            return  # an address, perhaps shortened; the whole one is among the links
        self.parts.append(data)


def parse_html(html: str) -> tuple[str, list[str]]:
    """Its text and the addresses that it links to."""
    reader = _Reader()
    reader.feed(html[:LONGEST])
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    text = "\n".join(lines).strip()
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text, reader.links
