"""What systems call the columns that we have, in several languages.

Names are compared without case, accents and signs: 'Artikel-Nr.' is 'artikel nr'. A name is a
proposal that a person sees before anything is read by it, so the list may be generous.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_DOOR = (
    "door|store|store no|store number|store id|store code|location|location id|location code|site|"
    "site code|branch|branch no|shop|outlet|plant|warehouse|wh|whse|facility|filiale|filial nr|"
    "filialnummer|filialnr|markt|werk|lager|lagerort|standort|magasin|code magasin|depot|dépôt|"
    "point de vente|tienda|almacen|negozio|punto vendita|magazzino|winkel|vestiging|loja|butik|"
    "ship to|deliver to|receiving location"
)
_DATE = (
    "date|day|business date|transaction date|sales date|posting date|trading day|order date|"
    "created at|datum|tag|verkaufsdatum|buchungsdatum|bestelldatum|belegdatum|jour|date vente|"
    "date commande|fecha|data|giorno|dato|dag|snapshot date|stock date|stichtag|as of|week ending|"
    "week start|period|periode|periodo|monat|month|mois|mes|mese|maand"
)
_QTY = (
    "units|qty|quantity|quantity sold|sold qty|qty sold|net qty|net units|sales units|unit sales|"
    "pieces|pcs|menge|anzahl|stück|stueck|absatz|absatz stück|quantité|qté|qte|cantidad|unidades|"
    "quantità|qta|pezzi|aantal|antal|quantidade|lineitem quantity"
)

SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "": {
        "sku": "sku|item|item no|item number|item code|item id|article|article no|article number|"
        "article code|product|product code|product id|product number|product no|material|"
        "material no|material number|variant sku|lineitem sku|upc|ean|gtin|barcode|plu|artikel|"
        "artikel nr|artikelnummer|artikelnr|art nr|materialnummer|référence|ref|code article|"
        "référence article|referencia|articulo|codigo articulo|articolo|codice articolo|"
        "artikelcode|produto|varenummer",
        "door": _DOOR,
        "date": _DATE,
        "units": _QTY,
        "supplier": "supplier|vendor|vendor name|lieferant|kreditor|fournisseur|proveedor|"
        "fornitore|leverancier",
        "class": "class|category|product category|subclass|subcategory|product group|"
        "merchandise group|klasse|kategorie|warengruppe|wgr|artikelgruppe|catégorie|famille|"
        "rayon|categoria|familia|categorie|productgroep",
        "channel": "channel|sales channel|kanal|vertriebskanal|absatzkanal|canal|canale|kanaal",
        "activation": "activation|activation id|promo|promo id|promo no|promotion|promotion id|"
        "campaign|campaign id|campaign code|offer id|aktion|aktionsnr|aktionsnummer|kampagne|"
        "kampagnen id|promotion nr|id campagne|campagne|campaña|promozione|campagna|actie",
    },
    "skus": {
        "description": "description|item description|product name|name|title|article description|"
        "bezeichnung|artikelbezeichnung|artikeltext|désignation|libellé|descripcion|descrizione|"
        "omschrijving",
        "style": "style|style no|style code|parent|parent sku|model|handle|modell|modèle|modelo",
        "department": "department|dept|division|abteilung|bereich|département|departamento|reparto",
        "colour": "colour|color|farbe|couleur|kleur|colore",
        "size": "size|größe|groesse|taille|talla|taglia|maat",
        "unit_cost": "unit cost|cost|cost price|landed cost|standard cost|ek|ek netto|"
        "einkaufspreis|einstandspreis|prix achat|pa ht|costo|coste|inkoopprijs|wholesale price",
        "unit_price": "unit price|price|retail price|rrp|msrp|list price|selling price|vk|"
        "vk brutto|verkaufspreis|preis|prix vente|prix|pv ttc|pvp|precio|prezzo|verkoopprijs",
        "case_pack": "case pack|pack size|units per case|case qty|inner pack|vpe|ve|"
        "verpackungseinheit|colisage|pcb|uds caja",
        "moq": "moq|minimum order|min order qty|minimum order quantity|mindestmenge|"
        "mindestbestellmenge|minimum commande",
        "lead_time_weeks": "lead time weeks|lead time|lead time wks|lieferzeit wochen|lieferzeit|"
        "délai semaines|délai",
        "service_level": "service level|target service level|servicegrad|lieferbereitschaft|"
        "taux de service",
        "launch_date": "launch date|first sale date|on sale date|start date|einführung|"
        "erstverkauf|verkaufsstart|date lancement",
        "exit_date": "exit date|end date|discontinued|last sale date|auslauf|auslaufdatum|fin",
        "like_sku": "like sku|like item|reference item|vergleichsartikel|vorgänger",
    },
    "doors": {
        "name": "name|store name|location name|filialname|bezeichnung|nom|nom magasin|nombre|nome",
        "region": "region|area|district|gebiet|verkaufsgebiet|région|zona|regio",
        "kind": "kind|type|store type|location type|typ|filialtyp|art|type magasin|tipo",
    },
    "ranging": {
        "from": "from|valid from|start|start date|gelistet ab|gültig ab|ab|début",
        "to": "to|valid to|end|end date|until|gelistet bis|gültig bis|bis|fin",
    },
    "sales": {
        "revenue": "revenue|sales|net sales|gross sales|sales value|sales amount|amount|turnover|"
        "umsatz|umsatz brutto|umsatz netto|betrag|chiffre d affaires|ca|ca ttc|montant|importe|"
        "ventas|ventes|fatturato|incasso|omzet|total|line total",
        "markdown": "markdown|markdown amount|abschrift|abschriften|démarque",
        "in_stock": "in stock|availability|verfügbarkeit|disponibilité",
    },
    "prices": {
        "regular_price": "regular price|price|retail price|list price|vk|verkaufspreis|preis|"
        "prix|pvp|precio|prezzo|verkoopprijs",
        "date": "valid from|from|effective date|gültig ab|ab|date effet",
    },
    "terms": {
        "date": "valid from|from|effective date|effective from|gültig ab|ab|date effet|"
        "válido desde|valido dal|geldig vanaf",
        "unit_cost": "new cost|unit cost|cost|cost price|landed cost|standard cost|net price|ek|"
        "ek netto|einkaufspreis|prix achat|prix d achat|coste|costo|inkoopprijs",
        "lead_time_weeks": "lead time weeks|lead time|lead time wks|lieferzeit wochen|lieferzeit|"
        "délai semaines|plazo semanas",
        "service_level": "service level|target service level|servicegrad|lieferbereitschaft|"
        "taux de service|nivel de servicio",
    },
    "inventory": {
        "on_hand": "on hand|on hand qty|qty on hand|soh|stock|stock on hand|inventory|available|"
        "unrestricted|bestand|lagerbestand|verfügbarer bestand|stock disponible|existencias|"
        "giacenza|voorraad|menge|quantity|qty",
        "in_transit": "in transit|in transit qty|unterwegs|transit|en transit|onderweg",
    },
    "receipts": {
        "receipt": "receipt|po|po no|po number|purchase order|order no|order number|document no|"
        "bestellung|bestellnr|bestellnummer|belegnr|commande|n commande|numéro commande|pedido|"
        "ordine|bestelling",
        "eta": "eta|due|due date|delivery date|expected date|expected receipt|requested delivery|"
        "liefertermin|lieferdatum|wunschtermin|date livraison|livraison prévue|fecha entrega|"
        "data consegna|leverdatum",
        "units": "open qty|open quantity|quantity open|order qty|ordered|qty ordered|"
        "bestellmenge|offene menge|offen|quantité commandée|reste à livrer|cases|kartons",
        "status": "status|state|po status|line status|statut|estado|stato",
        "ordered": "ordered|order date|po date|created|bestelldatum|bestellt am|date commande",
        "received": "received|received on|receipt date|goods receipt|wareneingang|"
        "eingangsdatum|date réception",
        "original_eta": "original eta|original due|first due|ursprünglicher termin",
    },
    "activations": {
        "name": "name|campaign name|title|promotion name|subject|bezeichnung|aktionsname|titel|"
        "nom|libellé|nombre|nome",
        "type": "type|campaign type|promo type|mechanic|activity|typ|aktionstyp|art|mécanique|tipo",
        "start": "start|start date|from|begin|begins|send date|sent|beginn|von|ab|startdatum|"
        "début|date début|inicio|inizio",
        "end": "end|end date|to|until|ends|ende|bis|enddatum|fin|date fin|fine",
        "status": "status|state|statut|estado|stato",
        "owner": "owner|responsible|contact|verantwortlich|ansprechpartner|responsable",
        "channel": "channel|medium|media|kanal|canal|list|segment",
        "spend": "spend|cost|budget|media cost|kosten|coût|coste|costo",
        "lock_date": "lock date|deadline|artwork deadline|redaktionsschluss|date limite",
        "known_from": "known from|entered|created|created at|erfasst am|créé le",
    },
    "activation_items": {
        "style": "style|style code|style no|modell|modèle",
        "discount": "discount|discount pct|discount %|% off|percent off|off|rabatt|nachlass|"
        "remise|descuento|sconto|korting",
        "lift": "lift|uplift|multiplier|hebel|multiplicateur",
    },
    "budget": {
        "value": "value|budget|amount|budget value|sales budget|plan|plan umsatz|umsatzplan|"
        "umsatz|betrag|montant|budget ca|importe|valore",
        "units": "units|budget units|plan menge|absatzplan|" + _QTY,
    },
    "kpis": {
        "metric": "metric|kpi|measure|kennzahl|indicateur|métrica",
        "value": "value|wert|valeur|valor|valore|count",
    },
    "lanes": {
        "from_door": "from door|from|from location|von|source|de",
        "to_door": "to door|to|to location|nach|destination|vers",
        "weeks": "weeks|transit weeks|wochen|semaines",
        "cost": "cost|unit cost|kosten|coût",
    },
}
"""Table ('' is any) to our column to what others call it, between bars."""

WEEK = "week|week no|week number|fiscal week|wk|kw|kalenderwoche|woche|semaine|semana|settimana"
YEAR = "year|fiscal year|fy|jahr|geschäftsjahr|année|annee|an|año|ano|anno|jaar"
CASES = re.compile(r"\b(cases?|cartons?|kartons?|colli|colis|cajas?|ve|vpe|packs?|boxes)\b")
PER_CASE = SYNONYMS["skus"]["case_pack"]
RETURNS = re.compile(r"\b(return(ed|s)?|refund(ed|s)?|retoure?n?|gutschrift|retours?|credit|"
                     r"devoluci[oó]n|reso|rma|storno)\b")  # fmt: skip
CANCELLED = re.compile(r"\b(cancel+ed|void(ed)?|storniert|annul[ée]e?|test|anulado)\b")
CHOICES = {
    "status": {
        "confirmed": "confirmed|open|released|ordered|offen|bestätigt|bestellt|freigegeben|"
        "confirmé|ouvert|approved|live|scheduled|final|fix",
        "planned": "planned|draft|proposed|tentative|geplant|entwurf|vorschlag|planifié|idea",
        "in_transit": "in transit|in_transit|shipped|unterwegs|versendet|expédié|en transit",
        "received": "received|closed|complete|completed|erledigt|geliefert|eingegangen|reçu|livré",
        "cancelled": "cancelled|canceled|storniert|abgesagt|annulé",
        "done": "done|sent|finished|completed|beendet|versendet|terminé|closed",
    },
    "kind": {
        "store": "store|shop|filiale|retail|magasin|tienda|negozio|winkel|outlet|laden",
        "online": "online|web|webshop|e commerce|ecommerce|onlineshop|internet|site web",
        "dc": "dc|warehouse|distribution centre|distribution center|wh|lager|zentrallager|"
        "entrepôt|depot|dépôt|almacén|magazzino|hub",
    },
    "sell_out": {"yes": "yes|y|true|ja|oui|sí|1|x", "no": "no|n|false|nein|non|0"},
}
"""Our column to our word to what others say for it."""


def plain(name: str) -> str:
    """A name without case, accents and signs."""
    apart = _JOINED.sub(" ", name.replace("_", " ").replace("ß", "ss"))
    bare = unicodedata.normalize("NFKD", apart)
    letters = "".join(c for c in bare if not unicodedata.combining(c)).lower()
    words = re.findall(r"\w+|%", letters)
    return " ".join(_SHORT.get(word, word) for word in words)


_JOINED = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")
"""Where words of a name meet: 'StoreNbr'."""
_SHORT = {"nbr": "number", "num": "number", "desc": "description", "amt": "amount",
          "dt": "date", "loc": "location", "cd": "code", "prod": "product", "inv": "inventory",
          "avail": "available", "whs": "warehouse", "nummer": "nr"}  # fmt: skip
"""Words that systems cut short."""


def _names(of: str) -> tuple[str, ...]:
    return tuple(plain(name) for name in of.split("|"))


def likeness(name: str, others: str) -> float:
    """How much a column's name is one of some names, 0 to 1; earlier ones weigh more."""
    mine, names = plain(name), _names(others)
    if mine in names:
        return 1.0 - 0.001 * names.index(mine)
    words = set(mine.split())
    within = [
        n for n, other in enumerate(names) if set(other.split()) <= words and len(other) > 2
    ]
    if within:
        # 'Promo Code' is a promo; a 'Promo Title' says something else of it.
        rest = words - set(names[within[0]].split()) - _NUMBERS
        return (0.62 if rest else 0.7) - 0.001 * within[0]
    stem = next((mine[: -len(end)] for end in _ENDS if mine.endswith(end)), mine)
    if stem in names and len(stem) > 3:
        return 0.65 - 0.001 * names.index(stem)
    # In a compound the last part says what it is: a Verkaufsmenge is a Menge.
    ends = [n for n, o in enumerate(names) if len(o) > 4 and " " not in o and mine.endswith(o)]
    return 0.6 - 0.001 * ends[0] if ends else 0.0


_NUMBERS = frozenset({"code", "id", "no", "nr", "number", "key"})
"""Words that say that a thing is named, and nothing of what it is."""
_ENDS = ("nummer", "nr", "code", "id")
"""The same at the end of a compound."""


def called(table: str, target: str) -> str:
    """What others call one of our columns."""
    own = SYNONYMS.get(table, {}).get(target, "")
    general = SYNONYMS[""].get(target, "")
    return "|".join(part for part in (target.replace("_", " "), own, general) if part)


def our_word(target: str, text: str, choices: tuple[str, ...]) -> str:
    """Our word for one of theirs; '' where none is known."""
    low = plain(text)
    for choice, others in CHOICES.get(target, {}).items():
        if choice in choices and (low == plain(choice) or low in _names(others)):
            return choice
    return low.replace(" ", "_") if low.replace(" ", "_") in choices else ""
