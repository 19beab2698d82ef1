"""The narrative is a small, harmless part of XHTML with something to read."""

import pytest

NS = 'xmlns="http://www.w3.org/1999/xhtml"'


def patient(div: str) -> dict:
    return {"resourceType": "Patient", "text": {"status": "generated", "div": div}}


def within(content: str) -> str:
    return f"<div {NS}>{content}</div>"


@pytest.mark.parametrize(
    "div",
    [
        within("<script>alert(1)</script>"),
        within('<p onclick="a()">x</p>'),
        within('<a href="javascript:a()">x</a>'),
        within('<a href=" java&#10;script:a()">x</a>'),
        within('<a href="&#x6a;avascript:a()">x</a>'),
        within('<a href="JaVaScRiPt:a()">x</a>'),
        within('<a href="vbscript:a()">x</a>'),
        within('<a href="data:text/html;base64,QQ==">x</a>'),
        within('<img src="data:image/svg+xml;base64,QQ=="/>x'),
        within('<img src="x" onerror="a()"/>'),
        within('<p style="background:url(http://a)">x</p>'),
        within('<p style="width:expression(a())">x</p>'),
        within("<style>p{}</style>x"),
        within('<link rel="stylesheet" href="a"/>x'),
        within('<iframe src="a"/>x'),
        within('<object data="a"/>x'),
        within('<form action="a"><p>x</p></form>'),
        within('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>x'),
        within('<x:script xmlns:x="http://www.w3.org/1999/xhtml">a()</x:script>'),
        within('<a xlink:href="a" xmlns:xlink="http://www.w3.org/1999/xlink">x</a>'),
        within("<P>x</P>"),
        within("<p>x"),
        within("a & b"),
        within("&nbsp;x"),
        "<div>x</div>",
        f"<p {NS}>x</p>",
        f"<div {NS}>x</div><div {NS}>y</div>",
        f'<?xml version="1.0"?><div {NS}>x</div>',
        f'<?xml-stylesheet href="a"?><div {NS}>x</div>',
        f'<!DOCTYPE div SYSTEM "http://a"><div {NS}>x</div>',
        f'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><div {NS}>&b;</div>',
        f'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><div {NS}>&a;</div>',
        "x",
        within(""),
        within(" \n <p/> <br/>"),
        within("<!-- only a comment -->"),
    ],
)
def test_what_may_harm_or_says_nothing_is_refused(faults, div: str) -> None:
    assert ("Patient.text.div", "invariant") in faults(patient(div))


@pytest.mark.parametrize(
    "div",
    [
        within("Nguy\u1ec5n V\u0103n An &#160; &lt;b&gt; &amp;"),
        within('<p class="a" style="color: red" xml:lang="vi" id="b">x<br/><!-- note --></p>'),
        within('<a href="https://example.org/?a=b:c">x</a><a href="#b">y</a><a href="Patient/1">z</a>'),
        within('<a href="mailto:a@example.org">x</a><a name="b">y</a>'),
        within('<img src="data:image/png;base64,QQ==" alt="x"/>'),
        within('<table><tbody><tr><td colspan="2">javascript: is only a word here</td></tr></tbody></table>'),
        "<x:div xmlns:x='http://www.w3.org/1999/xhtml'>x</x:div>",
    ],
)
def test_plain_formatting_is_taken(faults, div: str) -> None:
    assert faults(patient(div)) == []


def test_a_narrative_needs_its_status(faults) -> None:
    tree = patient(within("x"))
    del tree["text"]["status"]
    assert faults(tree) == [("Patient.text.status", "required")]


def test_very_deep_markup_is_read_without_harm(faults) -> None:
    assert faults(patient(within("<b>" * 20_000 + "x" + "</b>" * 20_000))) == []
