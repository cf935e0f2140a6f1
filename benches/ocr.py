#!/usr/bin/env python3
"""Text recognition measured: makes pages, has them read, counts wrong letters, draws what was seen.

usage: ocr.py make FOLDER                 pages and their truth (FOLDER/NAME.json), always the same
       ocr.py report FOLDER READ.jsonl    wrong letters, what confidence catches, seconds, memory
       ocr.py overlays FOLDER FILE...     a picture of each scanned page: lines in the order of reading, green where sure, red where
                                          doubtful, ruled tables, and beside it what was read
READ.jsonl is what `cargo bench -p frontdesk-extract --bench ocr -- FOLDER/*.{png,jpg,pdf}` prints. Needs the Python packages pillow, numpy and
rapidfuzz, and for `make` the fonts of font-roboto, font-source-serif-pro and matplotlib (DejaVu)."""
import collections, importlib.util, io, json, os, pathlib, random, subprocess, sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXTS = {
    "en": ["Opening hours", "We are open Monday to Friday from 9:00 am to 6:30 pm and on Saturday until 2 pm.",
           "Appointments that are cancelled less than 24 hours before are charged at 50 % of the price.",
           "Gift vouchers are valid for three years from the end of the year in which they were bought.",
           "Dogs are welcome in the garden, but not in the dining room. Ask for a bowl of water.",
           "For groups of eight or more we need a deposit of £10 per person, paid by card or bank transfer.",
           "Write to hello@riverside-cafe.example or call 020 7946 0832 between 8 and 11 in the morning."],
    "de": ["Öffnungszeiten und Preise", "Wir haben von Dienstag bis Samstag zwischen 11:30 und 22:00 Uhr geöffnet.",
           "Größere Änderungen an der Maßkleidung dauern in der Regel fünf bis sieben Werktage.",
           "Kostenlose Stornierung bis 48 Stunden vorher; danach berechnen wir 30 % des Preises.",
           "Bitte überweisen Sie den Betrag von 1.249,50 € innerhalb von 14 Tagen auf unser Konto.",
           "Für Allergiker: Unsere Küche verarbeitet Nüsse, Milch, Eier, Soja und Weizen."],
    "es": ["Horario y reservas", "Abrimos de lunes a jueves de 10:00 a 20:00 y los sábados hasta las 14:00.",
           "El menú del día cuesta 13,90 € e incluye pan, bebida y café o postre de la casa.",
           "Los niños menores de seis años no pagan; para mayores de 65 años hay un descuento del 15 %.",
           "¿Necesita una factura? Pídala en recepción antes de la salida, mañana o por correo."],
    "fr": ["Horaires d'ouverture", "Nous sommes ouverts du mardi au dimanche, de 12 h à 14 h 30 et de 19 h à 22 h.",
           "La livraison est gratuite à partir de 60 € d'achat ; sinon elle coûte 4,95 €.",
           "Les élèves et étudiants reçoivent une réduction de 20 % sur présentation d'une carte.",
           "Garçons, où est la clé de l'hôtel ? Elle était déjà là, près de la fenêtre."],
}
PRICES = [("Ladies' haircut", "38.00"), ("Gents' haircut", "24.50"), ("Colour, short hair", "52.00"),
          ("Colour, long hair", "79.00"), ("Kids under 12", "15.90"), ("Beard trim", "12.00"), ("Blow-dry", "21.00"),
          ("Balayage", "118.00"), ("Consultation", "0.00"), ("Bridal styling", "145.00"), ("Eyebrows", "9.50"),
          ("Head massage 20 min", "17.00")]
MENU = [("Starters", None), ("Soup of the day with bread", "6.80"), ("Bruschetta, basil, olive oil", "7.40"),
        ("Mains", None), ("Wiener Schnitzel with potatoes", "19.90"), ("Crêpe au fromage de chèvre", "13.50"),
        ("Jamón ibérico y piña", "16.20"), ("Risotto ai funghi", "15.80"), ("Drinks", None),
        ("Espresso", "2.60"), ("Café crème", "3.40"), ("Mineral water 0.75 l", "5.20"), ("Weißbier 0.5 l", "4.90")]

RULED = [("Service", "What it includes", "Time", "Price"),
         ("Ladies' haircut with wash", "Wash, cut, blow-dry and a head massage of five minutes", "60 min", "48.00"),
         ("Gents' haircut", "Cut with scissors or machine, wash on request", "30 min", "24.50"),
         ("Colour, long hair, with the second application", "Colour for roots and lengths, treatment afterwards; please plan "
          "a patch test 48 hours before", "150 min", "118.00"),
         ("Beard trim", "Hot towel", "15 min", "12.00"),
         ("Bridal styling", "One trial, the day itself, and a set of pins to keep", "120 min", "145.00"),
         ("Eyebrows", "Shape and tint", "20 min", "9.50")]


def fonts():
    def folder(package, *inside):
        return pathlib.Path(importlib.util.find_spec(package).origin).parent.joinpath(*inside)
    roboto, serif, dejavu = folder("font_roboto", "files"), folder("font_source_serif_pro", "files"), \
        folder("matplotlib", "mpl-data", "fonts", "ttf")
    return {"sans": (roboto / "Roboto-Regular.ttf", roboto / "Roboto-Bold.ttf"),
            "serif": (serif / "SourceSerifPro-Regular.ttf", serif / "SourceSerifPro-Bold.ttf"),
            "mono": (dejavu / "DejaVuSansMono.ttf", dejavu / "DejaVuSansMono-Bold.ttf")}


class Page:
    """A page of A4 in points of 1/72 inch, drawn at a resolution; remembers each piece of text."""

    def __init__(self, dpi, font):
        self.dpi, self.font = dpi, font
        self.image = Image.new("RGB", (round(595 * dpi / 72), round(842 * dpi / 72)), "white")
        self.draw, self.truth = ImageDraw.Draw(self.image), []

    def text(self, x, y, text, size, bold=False, right=False):
        scale = self.dpi / 72
        font = ImageFont.truetype(str(FONTS[self.font][bold]), round(size * scale))
        if right:
            x -= self.draw.textlength(text, font) / scale
        self.draw.text((x * scale, y * scale), text, "#1a1a1a", font)
        self.truth.append(text)

    def wrapped(self, x, y, text, size, width):
        scale = self.dpi / 72
        font = ImageFont.truetype(str(FONTS[self.font][0]), round(size * scale))
        line = ""
        for word in text.split(" "):
            if line and self.draw.textlength(line + " " + word, font) > width * scale:
                self.text(x, y, line, size); y += size * 1.35; line = word
            else:
                line = (line + " " + word).strip()
        self.text(x, y, line, size)
        return y + size * 1.35

    def rule(self, y):
        scale = self.dpi / 72
        self.draw.line((56 * scale, y * scale, 540 * scale, y * scale), "#555555", max(1, round(scale)))


def letter(dpi, font, language, size=10.5):
    page = Page(dpi, font)
    texts = TEXTS[language]
    page.text(56, 60, texts[0], size * 1.7, bold=True)
    y = 100
    for turn in range(3):
        for text in texts[1:]:
            y = page.wrapped(56, y, text, size, 484) + 7
    return page


def columns(dpi, font):
    page = Page(dpi, font)
    page.text(56, 56, "House rules / Hausordnung", 18, bold=True)
    for x, language in ((56, "en"), (312, "de")):
        y = 96
        for text in TEXTS[language][1:] * 2:
            y = page.wrapped(x, y, text, 9.5, 226) + 6
    return page


def prices(dpi, font):
    page = Page(dpi, font)
    page.text(56, 60, "Price list 2026", 22, bold=True)
    page.text(56, 110, "Service", 11, bold=True); page.text(540, 110, "Price in €", 11, bold=True, right=True)
    page.rule(128)
    for row, (name, price) in enumerate(PRICES):
        page.text(56, 136 + row * 24, name, 11); page.text(540, 136 + row * 24, price, 11, right=True)
        page.rule(154 + row * 24)
    page.text(56, 440, "All prices include VAT. Students: 10 % off on Tuesdays.", 9)
    return page


def menu(dpi, font):
    page = Page(dpi, font)
    page.text(180, 56, "The Riverside Café", 24, bold=True)
    y = 110
    for name, price in MENU:
        if price is None:
            page.text(90, y + 6, name, 16, bold=True); y += 34
        else:
            page.text(90, y, name, 12.5); page.text(505, y, price, 12.5, right=True); y += 27
    return page


def ruled(dpi, font, edges=(56, 176, 396, 466, 540)):
    """A table with lines around its cells, several lines of text in some; `rows` are the cells that belong together."""
    page = Page(dpi, font)
    page.text(56, 56, "Treatments", 20, bold=True)
    scale, y, page.rows = dpi / 72, 100, []
    pen = max(1, round(scale * 0.8))
    rule = lambda *ends: page.draw.line([round(at * scale) for at in ends], "#444444", pen)
    rule(edges[0], y, edges[-1], y)
    for row in RULED:
        ends, bottom = zip(edges, edges[1:]), y
        for (left, right), text in zip(ends, row):
            bottom = max(bottom, page.wrapped(left + 5, y + 5, text, 10, right - left - 10))
        for x in edges:
            rule(x, y, x, bottom + 4)
        y = bottom + 4
        rule(edges[0], y, edges[-1], y)
        page.rows.append(row)
    page.text(56, y + 20, "All prices include VAT.", 9)
    return page


# ------------------------------------------------------------------ what happens to paper
def rotated(image, degrees):
    return image.rotate(degrees, Image.BICUBIC, expand=abs(degrees) > 40, fillcolor="white")


def noisy(image, seed, sigma=18, specks=4000):
    noise = np.random.default_rng(seed)
    points = np.asarray(image, dtype=np.float32) + noise.normal(0, sigma, (image.height, image.width, 1))
    points = np.clip(points, 0, 255).astype(np.uint8)
    points[noise.integers(0, image.height, specks), noise.integers(0, image.width, specks)] = 40
    return Image.fromarray(points)


def photographed(image, seed, width=2400):
    """A sheet on a wooden table: perspective, uneven light, a soft lens, JPEG of quality 70."""
    dice = random.Random(seed)
    size = (width, round(width * 1.34))
    margin = width * 0.05
    corner = lambda x, y: (x + dice.uniform(-1, 1) * margin * 0.7, y + dice.uniform(-1, 1) * margin * 0.7)
    to = [corner(margin, margin), corner(size[0] - margin, margin * 1.3),
          corner(size[0] - margin * 0.4, size[1] - margin), corner(margin * 0.4, size[1] - margin)]
    of = [(0, 0), (image.width, 0), (image.width, image.height), (0, image.height)]
    rows, values = [], []
    for (x, y), (u, v) in zip(to, of):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    map_ = np.linalg.solve(np.array(rows), np.array(values))
    sheet = image.transform(size, Image.PERSPECTIVE, map_, Image.BICUBIC)
    mask = Image.new("L", image.size, 255).transform(size, Image.PERSPECTIVE, map_, Image.BICUBIC)
    grain = np.random.default_rng(seed).normal(0, 6, (size[1], 1, 1)) + np.array([118, 84, 55])
    table = Image.fromarray(np.broadcast_to(np.clip(grain, 0, 255), (size[1], size[0], 3)).astype(np.uint8))
    table.paste(sheet, (0, 0), mask)
    light = np.linspace(1.02, 0.66, size[0])[None, :, None] * np.linspace(0.94, 1.05, size[1])[:, None, None]
    lit = np.clip(np.asarray(table, dtype=np.float32) * light, 0, 255).astype(np.uint8)
    soft = Image.fromarray(lit).filter(ImageFilter.GaussianBlur(width / 2400 * 1.1))
    return noisy(soft, seed, 5, 0)


def jpeg(image, quality):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


# ------------------------------------------------------------------ as scanners write them
def fax(image):
    """T.6 (CCITT group 4) of a page in black and white, cut out of a TIFF of one strip. Pillow writes black as 0, which
    T.6 calls white, so the page is turned into its negative first."""
    out = io.BytesIO()
    image.convert("L").point(lambda v: 0 if v > 140 else 255).convert("1").save(
        out, "TIFF", compression="group4", strip_size=1 << 30)
    tiff = Image.open(out)
    at, length = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    return out.getvalue()[at:at + length]


def jbig2(image):
    """The same as a JBIG2 stream for a PDF (ISO 14492): a page, and a generic region of it coded as T.6 ("MMR")."""
    data = fax(image)
    word, size = lambda n: n.to_bytes(4, "big"), (image.width, image.height)
    page = word(size[0]) + word(size[1]) + bytes(8) + b"\0" + bytes(2)
    region = word(size[0]) + word(size[1]) + bytes(9) + b"\x01" + data
    part = lambda number, kind, body: word(number) + bytes([kind, 0, 1]) + word(len(body)) + body
    return part(0, 48, page) + part(1, 38, region)


def pdf(path, stream, entries, size, turn=0, text="", place=(595, 842, 0, 0)):
    """A page of A4 with an image at (width, height, x, y) and perhaps text."""
    draw = f"q {place[0]} 0 0 {place[1]} {place[2]} {place[3]} cm /I Do Q {text}".encode()
    box = "[0 0 842 595]" if turn in (90, 270) and place[0] > place[1] else "[0 0 595 842]"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Rotate {turn}/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>"
               "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>>>".encode(),
               f"<</Length {len(draw)}>>stream\n".encode() + draw + b"\nendstream",
               f"<</Type/XObject/Subtype/Image/Width {size[0]}/Height {size[1]}{entries}/Length {len(stream)}>>stream\n".encode()
               + stream + b"\nendstream"]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{at:010} 00000 n \n" for at in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(objects) + 1}/Root 1 0 R>>\n" \
           f"startxref\n{len(out)}\n%%EOF".encode()
    path.write_bytes(out)


def scans(folder):
    def keep(name, page, *how, **more):
        pdf(folder / f"scanned-{name}.pdf", *how, **more)
        (folder / f"scanned-{name}.json").write_text(
            json.dumps({"file": f"scanned-{name}.pdf", "kind": "scanned", "lines": page.truth}, ensure_ascii=False))

    grey, bits = "/ColorSpace/DeviceRGB/BitsPerComponent 8", "/ColorSpace/DeviceGray/BitsPerComponent 1"
    page = prices(300, "sans")
    size = page.image.size
    keep("prices-g4-300", page, fax(page.image),
         f"{bits}/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns {size[0]}/Rows {size[1]}>>", size)
    page = menu(300, "serif")
    keep("menu-jbig2-300", page, jbig2(page.image), f"{bits}/Filter/JBIG2Decode", page.image.size)
    page = letter(200, "sans", "de")
    out = io.BytesIO(); page.image.save(out, "JPEG2000", quality_mode="rates", quality_layers=[20])
    keep("letter-jpx-200", page, out.getvalue(), "/Filter/JPXDecode", page.image.size)
    page = letter(150, "serif", "fr")
    turned = page.image.rotate(90, expand=True)
    out = io.BytesIO(); turned.save(out, "JPEG", quality=60)
    keep("letter-jpeg-rotate90", page, out.getvalue(), f"{grey}/Filter/DCTDecode", turned.size, turn=90, place=(842, 595, 0, 0))
    page = menu(200, "sans")
    half = page.image.crop((0, 0, page.image.width, page.image.height // 2))
    page.truth = page.truth[:page.truth.index("Café crème") + 2]
    out = io.BytesIO(); half.save(out, "JPEG", quality=70)
    words = "BT /F 11 Tf 60 780 Td (Our kitchen is open every day.) Tj 0 -18 Td (Ask us about allergens.) Tj ET"
    keep("half-jpeg", page, out.getvalue(), f"{grey}/Filter/DCTDecode", half.size, text=words, place=(595, 421, 0, 200))


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)

    def keep(kind, name, page, change=lambda image: image, suffix="png", **how):
        image = change(page.image)
        path = folder / f"{kind}-{name}.{suffix}"
        image.save(path, **how)
        (folder / f"{kind}-{name}.json").write_text(
            json.dumps({"file": path.name, "kind": kind, "lines": page.truth, "rows": getattr(page, "rows", [])},
                       ensure_ascii=False))

    for language, font in (("en", "sans"), ("de", "serif"), ("es", "sans"), ("fr", "serif"), ("en", "mono")):
        keep("rendered", f"letter-{language}-{font}-200", letter(200, font, language))
    keep("rendered", "letter-en-sans-150", letter(150, "sans", "en"))
    keep("rendered", "letter-de-sans-8pt-200", letter(200, "sans", "de", 8))
    keep("rendered", "columns-sans-200", columns(200, "sans"))
    keep("rendered", "prices-sans-200", prices(200, "sans"))
    keep("rendered", "menu-serif-150", menu(150, "serif"))
    for degrees, page, name in ((1.5, letter(200, "sans", "de"), "letter-de"), (-3, prices(200, "serif"), "prices"),
                                (5, letter(200, "serif", "fr"), "letter-fr"), (90, letter(200, "sans", "en"), "letter-en"),
                                (180, menu(200, "sans"), "menu"), (270, prices(200, "sans"), "prices")):
        keep("rotated", f"{name}-{degrees}", page, lambda image: rotated(image, degrees))
    keep("noisy", "letter-en-sigma18", letter(200, "sans", "en"), lambda i: noisy(i, 1))
    keep("noisy", "letter-de-blur", letter(200, "serif", "de"), lambda i: i.filter(ImageFilter.GaussianBlur(2)))
    keep("noisy", "prices-jpeg40-150", prices(150, "sans"), suffix="jpg", quality=40)
    keep("noisy", "menu-jpeg15-blur", menu(150, "serif"), lambda i: i.filter(ImageFilter.GaussianBlur(1)), "jpg", quality=15)
    keep("noisy", "letter-es-fax-100", letter(100, "sans", "es"), lambda i: i.convert("1").convert("RGB"))
    keep("noisy", "columns-sigma30", columns(200, "sans"), lambda i: noisy(i, 2, 30))
    for seed, (page, name, width) in enumerate(((menu(200, "serif"), "menu", 2400), (prices(200, "sans"), "prices", 2400),
                                                (letter(200, "sans", "de"), "letter-de", 3000),
                                                (prices(200, "serif"), "prices-small", 1400),
                                                (menu(200, "sans"), "menu-small", 1200),
                                                (letter(200, "serif", "en"), "letter-en", 2400))):
        keep("photographed", f"{name}-{width}", page, lambda i: photographed(i, seed + 7, width), "jpg", quality=70)
    keep("ruled", "level-200", ruled(200, "sans"))
    for degrees in (1.5, -3, 5, 90):
        keep("ruled", f"rotated-{degrees}", ruled(200, "serif" if degrees < 0 else "sans"), lambda i: rotated(i, degrees))
    keep("ruled", "sigma18-2", ruled(200, "sans"), lambda i: noisy(rotated(i, 2), 3))
    keep("ruled", "fax-150-1", ruled(150, "sans"), lambda i: rotated(i, 1).convert("1").convert("RGB"))
    for seed, width in enumerate((2400, 2000, 3000)):
        keep("ruled", f"photographed-{width}", ruled(200, "sans"), lambda i: photographed(i, seed + 21, width), "jpg", quality=70)
    scans(folder)


# ------------------------------------------------------------------ what was read
def pages(file):
    for line in open(file, encoding="utf8"):
        yield json.loads(line)


def plain(text):
    """Quotation marks and dashes in one form, no spaces at the ends: what nobody asks for."""
    for of, to in (("“", '"'), ("”", '"'), ("„", '"'), ("’", "'"), ("‘", "'"), ("–", "-"), ("—", "-")):
        text = text.replace(of, to)
    return " ".join(text.split())


def compared(truth, lines):
    """Pairs each line with the piece of text that it is nearest to; returns wrong letters, letters, and (wrong, doubtful)."""
    from rapidfuzz.distance import Levenshtein
    left, wrong, about = [plain(t) for t in truth], 0, []
    total = sum(map(len, left))
    for line in sorted(lines, key=lambda l: -len(l["text"])):
        text = plain(line["text"])
        best = min(left, key=lambda t: Levenshtein.distance(t, text) / max(len(t), 1), default=None)
        distance = Levenshtein.distance(best, text) if best is not None else len(text)
        if best is not None and distance < len(best) * 0.6:
            left.remove(best)
        else:
            distance = len(text)
        wrong += distance
        about.append((distance, line["confidence"], line["doubtful"], text, best))
    return wrong + sum(map(len, left)), total, about, left


def in_one_block(row, blocks):
    """Whether the cells of a row are in one block, and no other row's price with them; a few wrong letters do not matter."""
    from rapidfuzz import fuzz
    prices = {r[-1] for r in RULED[1:]} - {row[-1]}
    return any(all(fuzz.partial_ratio(plain(cell), plain(b["text"])) >= 90 for cell in row)
               and not any(price in b["text"].split() for price in prices) for b in blocks)


def report(folder, read, verbose):
    sums, about, missed = collections.defaultdict(lambda: [0, 0, 0.0, 0.0, 0]), [], 0
    memory = 0
    together, rows = 0, 0
    for page in pages(read):
        if "lines" not in page and "blocks" not in page:
            print(page)
            continue
        truth = json.loads(pathlib.Path(folder / pathlib.Path(page["file"]).name).with_suffix(".json").read_text())
        if "blocks" in page:
            found = [in_one_block(row, page["blocks"]) for row in truth.get("rows", [])[1:]]
            together, rows = together + sum(found), rows + len(found)
            if found:
                print(f"{truth['file']:42} {sum(found)} of {len(found)} rows are whole")
            continue
        wrong, letters, lines, left = compared(truth["lines"], page["lines"])
        about += lines
        missed += len(left)
        memory = max(memory, page["memory"])
        entry = sums[truth["kind"]]
        for at, value in enumerate((wrong, letters, page["seconds"], page["processor"], 1)):
            entry[at] += value
        print(f"{truth['file']:42} {100 * wrong / letters:6.2f} %  {page['seconds']:5.1f} s  {page['processor']:5.1f} s of processor"
              f"  doubtful {sum(l[2] for l in lines):2} of {len(lines)}")
        if verbose:
            for distance, sure, doubtful, text, best in lines:
                if distance or doubtful:
                    print(f"      {distance:3} {sure:.3f} {'?' if doubtful else ' '} {text!r}  ({best!r})")
            for text in left:
                print("      not found:", text)
    print()
    for kind, (wrong, letters, seconds, spent, count) in sums.items():
        print(f"{kind:14} {count:2} pages  {100 * wrong / letters:6.2f} % wrong letters  {seconds / count:5.1f} s and "
              f"{spent / count:5.1f} s of processor a page")
    for bound in (0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        bad = [l for l in about if l[0] > 0]
        good = [l for l in about if l[0] == 0]
        held, lost = sum(l[1] < bound for l in bad), sum(l[1] < bound for l in good)
        print(f"confidence below {bound}: holds {held} of {len(bad)} lines with a wrong letter and {lost} of {len(good)} right ones")
    print(f"rows of ruled tables that are whole: {together} of {rows}")
    print(f"lines not found: {missed}; most memory: {memory} MB")


# ------------------------------------------------------------------ what it looks like
SURE, FAIR, DOUBT, RULE = "#0a8a3a", "#c07800", "#d02020", "#6a3fd0"


def overlays(out, files):
    """For each scanned page of these files a picture: on the left what was found on the page, on the right what it says."""
    out.mkdir(parents=True, exist_ok=True)
    bench = os.environ.get("OCR_BENCH", "").split() or "cargo bench --profile dev -p frontdesk-extract --bench ocr --".split()
    run = subprocess.run(bench + [os.path.abspath(f) for f in files], stdout=subprocess.PIPE, check=True,
                         env={**os.environ, "PICTURES": str(out.absolute())})
    told = [json.loads(line) for line in run.stdout.splitlines() if line.startswith(b"{")]
    blocks = {entry["file"]: entry["blocks"] for entry in told if "blocks" in entry}
    for entry in told:
        if "lines" not in entry:
            if "blocks" not in entry:
                print(entry)
            continue
        kept = pathlib.Path(entry["picture"])
        name = out / f"{pathlib.Path(entry['file']).stem}-{entry['page']}.png"
        draw_page(entry, Image.open(kept).convert("RGB"), blocks.get(entry["file"], [])).save(name)
        kept.unlink()
        doubtful = sum(line["doubtful"] for line in entry["lines"])
        print(f"{name}: {len(entry['lines'])} lines, {doubtful} doubtful, {len(entry['grids'])} ruled tables, {entry['seconds']:.1f} s")


def read_order(lines, blocks):
    """The place of each line in the text that was made of them, from 1; nothing for a line that is not in it."""
    text, places = " ".join(" ".join(b["text"].split()) for b in blocks), {}
    for at, line in enumerate(lines):
        words, begin = line["text"].split(), -1
        fewest = (len(words) + 1) // 2
        # A line across several cells is in the text in parts.
        while len(words) >= fewest and begin < 0:
            found = " ".join(words)
            begin = text.find(found)
            words = words[:-1]
        if begin >= 0:
            places[at] = begin
            text = text[:begin] + "\0" * len(found) + text[begin + len(found):]
    return {at: number for number, at in enumerate(sorted(places, key=places.get), 1)}


def rules(grid):
    """The lines of a ruled table where they are on the page as it is shown."""
    across, down, turn = grid["frame"]["across"], grid["frame"]["down"], grid["turn"]

    def shown(level):
        x, y = level
        for _ in range(6):
            x = level[0] + (down["start"] + down["change"] * x) * (y - down["middle"])
            y = level[1] + (across["start"] + across["change"] * y) * (x - across["middle"])
        for _ in range(turn):
            x, y = -y, x
        return x, y

    xs, ys = grid["xs"], grid["ys"]
    return [(shown((xs[0], y)), shown((xs[-1], y))) for y in ys] + [(shown((x, ys[0])), shown((x, ys[-1]))) for x in xs]


def draw_page(page, image, blocks):
    scale = image.width / page["size"][0]
    both = Image.new("RGB", (image.width * 2, image.height), "white")
    both.paste(image, (0, 0))
    draw, pen = ImageDraw.Draw(both), max(2, image.width // 700)
    order = read_order(page["lines"], [b for b in blocks if b["page"] in (page["page"], None)])
    small = ImageFont.truetype(str(FONTS["sans"][1]), max(14, image.width // 90))
    for grid in page["grids"]:
        for ends in rules(grid):
            draw.line([(x * scale, y * scale) for x, y in ends], RULE, pen)
    for at, line in enumerate(page["lines"]):
        corners = [(x * scale, y * scale) for x, y in line["corners"]]
        colour = DOUBT if line["doubtful"] else SURE if line["confidence"] >= 0.95 else FAIR
        draw.polygon(corners, outline=colour, width=pen)
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        number = str(order.get(at, "-"))
        draw.text((max(0, left - draw.textlength(number, small) - pen * 2), top), number, colour, small)
        length = lambda a, b: ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5
        height = min(length(corners[0], corners[3]), length(corners[0], corners[1]))
        font = ImageFont.truetype(str(FONTS["sans"][0]), max(12, int(height * 0.62)))
        draw.text((left + image.width, top), f"{line['text']}  {line['confidence']:.2f}", colour, font)
    return both


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    FONTS = fonts()
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "make":
        make(folder)
    elif what == "report":
        report(folder, sys.argv[3], "-v" in sys.argv)
    else:
        overlays(folder, sys.argv[3:])
