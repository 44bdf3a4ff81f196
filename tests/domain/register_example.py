"""A register that uses everything a register can say, for the tests."""

REGISTER = """\
# The customer service of a made-up flower shop.

[[activities]]
id = "newsletter"
name = { nl = "Nieuwsbrief", en = "Newsletter" }
why = { nl = "Om u de nieuwsbrief te sturen.", en = "To send you the newsletter." }
ground = "consent"
retention = { nl = "Tot u stopt.", en = "Until you stop." }
source = { nl = "Van uzelf.", en = "From you." }

[[activities]]
id = "orders"
ground = "contract"
automated = { nl = "De computer kiest.", en = "A computer picks." }

[activities.name]
nl = "Bestellingen"
en = "Orders"

[activities.why]
nl = \"\"\"
Om te leveren
wat u bestelt.\"\"\"
en = '''
To deliver
what you order.'''

[activities.retention]
nl = "7 jaar na de bestelling."
en = "7 years after the order."

[activities.retention_law]
nl = "Artikel 52 AWR"
en = "Article 52 of the Dutch General Tax Act"

[[activities.recipients]]
name = "Parcel Co"
role = "processor"
why.nl = "Bezorgt de pakjes."
why.en = "Delivers the parcels."
country = "NL"

[[activities.recipients]]
name = "Tax office"
role = "authority"

[[activities.transfers]]
country = "US"
to = "Cloud Inc"
safeguard = { nl = "Modelcontract", en = "Standard contractual clauses" }

[[categories]]
id = "contact"
label = { nl = "Contactgegevens", en = "Contact data" }

[[categories]]
id = "order_history"
label = { nl = "Bestellingen", en = "Orders" }

[[fields]]
id = "email"
activity = "newsletter"
category = "contact"
kind = "email"
tier = 1
required = true
label = { nl = "E-mailadres", en = "E-mail address" }

[[fields]]
id = "phone"
activity = "orders"
category = "contact"
kind = "phone"
tier = 1
editable = true
max_length = 20
vcard = "tel"
label.nl = "Telefoon"
label.en = "Phone"
why = { nl = "Als er iets is.", en = "When something comes up." }
recipients = [
  { name = "Parcel Co", country = "NL" },  # a comment, with a ] in it
  { name = "Shop", role = "internal", why = { nl = "Winkel", en = "Shop" } },
]

[[fields]]
id = "orders"
activity = "orders"
category = "order_history"
kind = "rows"
tier = 1
given = true
label = { nl = "Bestellingen", en = "Orders" }

[fields.columns]
placed = { nl = "Datum", en = "Date" }
total = { nl = "Bedrag", en = "Total" }

[[purposes]]
id = "news"
activity = "newsletter"
label = { nl = "Nieuwsbrief", en = "Newsletter" }
description = { nl = "Elke maand.", en = "Every month." }
wording = { nl = "Stuur mij nieuws.", en = "Send me news." }
wording_version = "2"

[[elsewhere]]
id = "binder"
label = { nl = "De map", en = "The binder" }
what = { nl = "Bestellingen op papier.", en = "Orders on paper." }
how = { nl = "Bel ons.", en = "Call us." }
"""

LANGUAGES = ("nl", "en")

NAME_FIELD = """
[[fields]]
id = "name"
activity = "newsletter"
label = { nl = "Naam", en = "Name" }
category = "contact"
kind = "name"
tier = 1
"""
"""One field more: by their names people are told apart who share a mailbox."""
