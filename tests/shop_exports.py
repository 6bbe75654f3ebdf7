"""The same few facts as ten systems of a shop export them, and in our own form.

Nothing in here is anybody's: goods, stores and numbers are made up.
"""

import datetime as dt
from pathlib import Path

import xlsxwriter

SKUS = ("4006381333931", "4006381333948", "0042100005264")
STYLES = ("MUG", "MUG", "JUG")
COLOURS = ("blau", "grün", "weiß")
DOORS = ("012", "013", "web")
DAYS = [dt.date(2026, 4, 3) + dt.timedelta(n) for n in range(14)]

OWN = {
    "skus": "sku,description,style,class,colour,unit_cost,unit_price,case_pack,lead_time_weeks\n"
    + "".join(
        f"{s},Becher {c},{y},Küche,{c},{2.5 + n},{1209.9 + n},{6},{4}\n"
        for n, (s, y, c) in enumerate(zip(SKUS, STYLES, COLOURS, strict=True))
    ),
    "doors": "door,name,region,channel,kind\n012,Altmarkt,Nord,Stores,store\n"
    "013,Hafen,Süd,Stores,store\nweb,Webshop,,Stores,online\n",
    "sales": "date,sku,door,units,revenue\n"
    + "".join(
        f"{d},{s},{p},{(n + m) % 5 + 1},{((n + m) % 5 + 1) * 1209.9:.2f}\n"
        for n, d in enumerate(DAYS)
        for m, s in enumerate(SKUS)
        for p in DOORS[:2]
    ),
    "inventory": "date,sku,door,on_hand\n"
    + "".join(
        f"2026-04-16,{s},{p},{12 + 3 * n}\n" for n, s in enumerate(SKUS) for p in DOORS[:2]
    ),
    "receipts": "receipt,sku,door,eta,units,status,supplier\n"
    f"4500012,{SKUS[0]},012,2026-05-13,48,confirmed,Nordtopf\n"
    f"4500012,{SKUS[1]},012,2026-05-13,1200,confirmed,Nordtopf\n"
    f"4500013,{SKUS[2]},013,2026-04-12,36,received,Südkrug\n",
    "activations": "activation,name,type,start,end,status,spend\n"
    "K7,Frühlingsmail,email,2026-05-04,2026-05-10,confirmed,1500\n"
    "K8,Sommermail,email,2026-06-01,2026-06-07,planned,2500\n",
    "activation_items": f"activation,sku,discount\nK7,{SKUS[0]},0.2\nK8,{SKUS[2]},0.15\n",
    "budget": "date,class,value\n"
    + "".join(f"2026-{m:02d}-01,Küche,{10000 + m * 1250.5}\n" for m in range(5, 9)),
}


def own(folder: Path) -> list[Path]:
    for name, text in OWN.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return [folder / f"{name}.csv" for name in OWN]


def rows(table: str) -> list[list[str]]:
    return [line.split(",") for line in OWN[table].splitlines()[1:]]


def german(number: str) -> str:
    whole, _, part = f"{float(number):,.2f}".partition(".")
    return f"{whole.replace(',', '.')},{part}"


def dotted(day: str) -> str:
    return dt.date.fromisoformat(day).strftime("%d.%m.%Y")


def text(path: Path, lines, *, encoding: str = "utf-8", end: str = "\r\n") -> Path:
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def product_master(folder: Path) -> Path:
    """An ERP's article list: Windows-1252, semicolons, comma before decimals."""
    lines = ["Artikelnr;Artikelbezeichnung;Modell;Warengruppe;Farbe;EK netto;VK brutto;VPE;"
             "Lieferzeit Wochen;Anlagebenutzer"]  # fmt: skip
    lines += [
        f"{s};{d};{y};{k};{c};{german(e)};{german(v)} €;{p};{w};MUSTER"
        for s, d, y, k, c, e, v, p, w in rows("skus")
    ]
    return text(folder / "ARTIKEL_0416.csv", lines, encoding="cp1252")


def store_master(folder: Path) -> Path:
    """A workbook with a title, a sheet of remarks, and numbers of stores as text."""
    path = folder / "Filialen.xlsx"
    with xlsxwriter.Workbook(path) as book:
        note = book.add_worksheet("Hinweise")
        note.write_row(0, 0, ["Stand", "April"])
        sheet = book.add_worksheet("Liste")
        sheet.write(0, 0, "Filialverzeichnis")
        sheet.write_row(2, 0, ["Filialnr", "Filialname", "Gebiet", "Typ"])
        kinds = {"store": "Filiale", "online": "Webshop"}
        for n, (door, name, region, _, kind) in enumerate(rows("doors"), 3):
            sheet.write_row(n, 0, [door, name, region, kinds[kind]])
    return path


def till(folder: Path) -> Path:
    """A till's journal: Latin letters, a title, dates with dots, totals below."""
    lines = ["Kassenabschluss Umsätze;;;;", "Zeitraum 03.04.2026 - 16.04.2026;;;;",
             "Datum;Filiale;EAN;Menge;Umsatz"]  # fmt: skip
    lines += [f"{dotted(d)};{p};{s};{u};{german(r)}" for d, s, p, u, r in rows("sales")]
    lines += [f"Summe;;;{sum(int(r[3]) for r in rows('sales'))};9,00", "Ende des Berichts"]
    return text(folder / "kasse.csv", lines, encoding="cp1252")


def web_shop(folder: Path) -> Path:
    """Order lines of a web shop: UTF-16, tabs, month first, returns as lines of their own."""
    lines = ["Order ID\tCreated at\tVariant SKU\tLineitem quantity\tLine total\tEvent"]
    lines += [
        f"#10{n}\t4/{day}/2026 {n % 12 + 8:02d}:15:00\t{SKUS[n % 3]}\t{n % 2 + 1}\t$1,{n:03d}.50\t"
        f"{event}"
        for n, (day, event) in enumerate(
            [(13, "sale"), (3, "sale"), (4, "sale"), (14, "return"), (5, "cancelled")]
        )
    ]
    return text(folder / "orders_export.csv", lines, encoding="utf-16")


WEB = (
    "date,sku,door,units,revenue\n"
    f"2026-04-13,{SKUS[0]},web,1,1000.5\n2026-04-03,{SKUS[1]},web,2,1001.5\n"
    f"2026-04-04,{SKUS[2]},web,1,1002.5\n2026-04-14,{SKUS[0]},web,-2,-1003.5\n"
)


def warehouse(folder: Path) -> Path:
    """A snapshot by bin, compact dates, bars between columns; bins of one place add up."""
    lines = ["snapshot_date|site|material|bin|unrestricted"]
    for d, s, p, u in rows("inventory"):
        day = d.replace("-", "")
        lines += [f"{day}|{p}|{s}|A-01|{int(u) - 5}", f"{day}|{p}|{s}|B-07|5"]
    return text(folder / "WM_SNAP.csv", lines, end="\n")


def order_lines(folder: Path) -> Path:
    """Open orders of an ERP: cases, day/month, their words for states."""
    lines = [
        "PO Number,Item No,Deliver To,Due Date,Cases,Units per Case,Line Status,Vendor Name"
    ]
    words = {"confirmed": "released", "received": "closed"}
    for po, s, p, eta, units, status, who in rows("receipts"):
        day = dt.date.fromisoformat(eta).strftime("%d/%m/%Y")
        lines.append(f'{po},{s},{p},{day},"{int(units) // 6:,}",6,{words[status]},{who}')
    return text(folder / "po_lines.csv", lines)


def campaigns(folder: Path) -> Path:
    """Marketing's own workbook: real dates, their words, a total."""
    path = folder / "Kampagnenplan.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet("Plan"), book.add_format({"num_format": "dd.mm.yy"})
        sheet.write_row(0, 0, ["Kampagnen-ID", "Titel", "Beginn", "Ende", "Statut", "Kosten"])
        words = {"confirmed": "fix", "planned": "Entwurf"}
        for n, (a, name, _, start, end, status, spend) in enumerate(rows("activations"), 1):
            sheet.write_row(n, 0, [a, name])
            sheet.write_datetime(n, 2, dt.datetime.fromisoformat(start), day)
            sheet.write_datetime(n, 3, dt.datetime.fromisoformat(end), day)
            sheet.write_row(n, 4, [words[status], float(spend)])
        sheet.write_row(3, 0, ["Summe", "", "", "", "", 4000])
    return path


def campaign_items(folder: Path) -> Path:
    """What is featured: per cents."""
    lines = ["Campaign ID;Article Number;Discount %"]
    lines += [f"{a};{s};{float(d):.0%}" for a, s, d in rows("activation_items")]
    return text(folder / "featured.csv", lines)


def finance(folder: Path) -> Path:
    """A budget as Finance draws it: months across, thousands, a total below."""
    lines = ["Budget 2026;;;;", "Warengruppe;Mai 2026;Jun 2026;Jul 2026;Aug 2026"]
    lines.append(f"Küche;{';'.join(german(r[2]) for r in rows('budget'))}")
    lines.append("Gesamt;1;2;3;4")
    return text(folder / "budget26.csv", lines, encoding="cp1252")


def weekly(folder: Path) -> tuple[Path, Path]:
    """Weekly sales by number of the week, and the list of articles that has our SKU."""
    lines = ["Year,Week,Store,Article,Units"]
    lines += [f"2026,{w},012,X{n},{10 * n + w}" for w in (14, 15) for n in (1, 2)]
    other = ["Article,GTIN", f"X1,{SKUS[0]}", f"X2,{SKUS[1]}"]
    return text(folder / "wk.csv", lines), text(folder / "articles.csv", other)
