"""Settings that are right in every respect, for the tests to break."""

PORTAL_TOML = """\
[portal]
public_url = "https://privacy.example.org"
database = "sqlite:///portal.sqlite"
register = "register.toml"
keys = "keys.json"
proxy_hops = 1
worker = true

[contact]
name = "Flower shop"
phone = "020 123 45 67"
post = ["Postbus 1", "1000 AA Amsterdam"]
email = "service@example.org"

[authority]
name = "Autoriteit Persoonsgegevens"
website = "https://www.autoriteitpersoonsgegevens.nl/"
post = ["Postbus 93374", "2509 AJ Den Haag"]

[mail]
server = "mail.example.org"
port = 587
security = "starttls"
username = "portal"
password = "canary-mail"
sender = "privacy@example.org"
sender_name = "Flower shop"

[[sites]]
id = "shop"
name = "Flower shop"
origins = ["https://www.example.org", "http://localhost:8081"]
return_url = "https://www.example.org/account?tab=privacy"
languages = ["nl", "en"]
adapters = ["shop"]
accent = "#0b5fff"
erase_after_hours = 72

[[sites]]
id = "blog"
name = "Flower blog"
return_url = "https://blog.example.org/"
authority = { name = "APD", website = "https://www.autoriteprotectiondonnees.be" }

[limits]
session_idle = 600

[adapters.shop]
adapter = "sql"
url = "postgresql://crm:canary-crm@localhost/crm"
label = { nl = "Klantenbestand", en = "Customer file" }
location = { entity = "Flower shop", hosting = "NL" }

[adapters.letters]
adapter = "sql"
api_key = "canary-key"
"""


def line_of(piece: str, text: str = PORTAL_TOML) -> int:
    """The line, from 1, on which a piece of the example stands."""
    return text[: text.index(piece)].count("\n") + 1
