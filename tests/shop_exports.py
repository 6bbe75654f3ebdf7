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


UNKNOWN: dict[str, list[str]] = {
    "activation_items": [
        "Promo Code,ItemNbr,Saving %\nSP1,88123,20%\nSP1,88124,15%\nSU2,88123,20%\n",
        "Aktions-Nr;Artikelnr;Rabatt in %\nA1;A9;20\nA1;B2;15\nA2;A9;10\n",
    ],
    "activations": [
        "Promo Code,Promo Title,Goes live,Finishes,Promo Mechanic\n"
        "SP1,Spring,2026-05-04,2026-05-10,email\n"
        "SU2,Summer,2026-06-01,2026-06-07,social\n",
        "Aktions-Nr;Aktionsbezeichnung;Kanal;gültig von;gültig bis;Werbekosten;Mechanik\n"
        "A1;Fruehling;Mail;04.05.2026;10.05.2026;1500;Rabatt\n"
        "A2;Sommer;Mail;01.06.2026;07.06.2026;2500;Rabatt\n",
    ],
    "budget": [
        "Fiscal Month,Merch Category,Planned Sales\n"
        "2026-05,Kitchen,10000\n"
        "2026-06,Kitchen,12000\n"
        "2026-05,Garden,4000\n",
        "Periode;Warengruppe;Planumsatz\n"
        "Mai 2026;Kueche;10000\n"
        "Jun 2026;Kueche;12000\n"
        "Mai 2026;Garten;3000\n",
    ],
    "doors": [
        "SiteId,SiteDesc,SiteFormat,SalesArea\n"
        "12,Old Market,Shop,North\n"
        "13,Harbour,Shop,South\n"
        "90,Hub,Warehouse,\n",
        "Winkelnummer;Winkelnaam;Regio;Soort\n"
        "1;Oud;Noord;winkel\n"
        "2;Haven;Zuid;winkel\n"
        "3;Web;;online\n",
    ],
    "inventory": [
        "Date inventaire;Code dépôt;Réf. article;Stock physique\n"
        "13/04/2026;L01;88123;40\n"
        "13/04/2026;L02;88123;12\n"
        "13/04/2026;L01;88124;5\n",
        "Stand per;Lagerplatz;Filiale;EAN-Code;Ist-Bestand\n"
        "2026-04-13;1;A;4006381333931;5\n"
        "2026-04-13;2;A;4006381333948;7\n"
        "2026-04-13;1;B;4006381333931;2\n",
        "CountDate,Location,UPC,QtyOnHand,QtyInTransit\n"
        "04/13/2026,S1,042100005264,5,0\n"
        "04/13/2026,S1,042100005271,9,4\n"
        "04/13/2026,S2,042100005264,9,4\n",
    ],
    "kpis": [
        "Day,KPI,Store,Value\n"
        "2026-04-13,visitors,A,510\n"
        "2026-04-14,visitors,A,490\n"
        "2026-04-13,baskets,A,88\n",
    ],
    "lanes": [
        "From Location,To Location,Days,Cost per unit\nHUB,S1,2,0.4\nHUB,S2,3,0.5\n",
    ],
    "prices": [
        "EffectiveDate,ItemId,NewRetailPrice\n"
        "2026-05-04,88123,8.95\n"
        "2026-06-01,88123,9.95\n"
        "2026-05-04,88124,8.95\n",
        "Gültig ab;Artikelnummer;Neuer VK\n"
        "04.05.2026;A9;8,95\n"
        "01.06.2026;A9;9,95\n"
        "04.05.2026;B2;8,95\n",
    ],
    "ranging": [
        "Item Code,Shop No,Listed from,Listed until\n"
        "88123,12,2026-01-04,2026-12-26\n"
        "88123,13,2026-01-04,2026-12-26\n"
        "88124,12,2026-03-01,2026-12-26\n",
    ],
    "receipts": [
        "Nº pedido;Proveedor;Código;Tienda destino;Fecha prevista;Cantidad pendiente\n"
        "4411;Olla SA;88123;12;13/05/2026;60\n"
        "4411;Olla SA;88124;12;13/05/2026;20\n"
        "4412;Jarra;88123;13;20/05/2026;12\n",
        "Bestellnummer;Pos;Materialnr;Werk;Lieferdatum;Offene Menge;Lieferant\n"
        "45001;10;A9;K1;13.05.2026;40;Topf\n"
        "45001;20;B2;K1;13.05.2026;10;Topf\n"
        "45002;10;A9;K2;20.05.2026;60;Topf\n",
    ],
    "sales": [
        "TransDate,StoreNbr,ItemNbr,QtySold,NetSalesAmt\n"
        "04/13/2026,12,88123,4,19.96\n"
        "04/14/2026,13,88124,1,7.50\n"
        "04/14/2026,12,88123,2,9.98\n",
        "Buchungstag;Marktnummer;Artikel-ID;Verkaufsmenge;Bruttoumsatz\n"
        "13.04.2026;0012;88123;4;19,96\n"
        "14.04.2026;0013;88124;1;7,50\n"
        "14.04.2026;0012;88123;2;9,98\n",
        "bill_dt\tstore_cd\tprod_cd\tsold_pcs\tnet_amt\n"
        "2026-04-13\tK1\tA9\t3\t20.5\n"
        "2026-04-14\tK2\tA9\t1\t7.5\n"
        "2026-04-15\tK1\tB2\t2\t15\n",
        "Data scontrino;Negozio;Cod. articolo;Pezzi venduti;Incasso netto\n"
        "13/04/2026;R1;A9;3;20,50\n"
        "14/04/2026;R1;B2;1;7,50\n"
        "15/04/2026;R2;A9;3;20,50\n",
    ],
    "skus": [
        "ItemNumber,Product Desc,Merch Category,RRP inc VAT,Landed Cost EUR,Pack Qty\n"
        "88123,Blue mug,Kitchen,9.95,3.20,6\n"
        "88124,Green mug,Kitchen,9.95,3.20,6\n",
        "Handle,Variant SKU,Product Category,Color,Size,Cost per item,Price\n"
        "mug,A9,Kitchen,blue,M,3.2,9.95\n"
        "mug,B2,Kitchen,green,M,3.2,9.95\n",
    ],
}
"""Table to files whose names of columns are strangers; the second half was made up after the proposals."""
