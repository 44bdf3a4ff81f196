-- The nursery's CRM, as its owner's nephew made it.

CREATE TABLE contacts (
    id              INTEGER PRIMARY KEY,
    customer_number VARCHAR(12) UNIQUE,          -- guests have none
    email           VARCHAR(254),
    first_name      VARCHAR(60),
    last_name       VARCHAR(80),
    phone           VARCHAR(30),
    street          VARCHAR(80),
    house_number    VARCHAR(10),
    postal_code     VARCHAR(12),
    city            VARCHAR(60),
    country         CHAR(2),
    birth_date      DATE,
    language        CHAR(2) NOT NULL,
    source          VARCHAR(40) NOT NULL,
    restricted      BOOLEAN NOT NULL DEFAULT 0,  -- Art. 18 GDPR: keep, do not use
    created_at      DATETIME,
    updated_at      DATETIME NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1,
    delivery_note   VARCHAR(120),                -- what was agreed with the driver
    stop_newsletter VARCHAR(500),                -- the link at the foot of the newsletter
    stop_workshops  VARCHAR(500)                 -- and of the invitations to workshops
);
CREATE INDEX contacts_email ON contacts (email COLLATE NOCASE);

CREATE TABLE subscriptions (
    contact_id      INTEGER NOT NULL REFERENCES contacts (id),
    mailing         VARCHAR(20) NOT NULL,
    active          BOOLEAN NOT NULL,
    changed_at      DATETIME,
    source          VARCHAR(60),
    wording         VARCHAR(500),
    every           INTEGER,                     -- days between two; empty: as it comes
    PRIMARY KEY (contact_id, mailing)
);

CREATE TABLE orders (
    id              INTEGER PRIMARY KEY,
    contact_id      INTEGER REFERENCES contacts (id),
    order_number    VARCHAR(20) NOT NULL UNIQUE,
    ordered_on      DATE NOT NULL,
    total           NUMERIC(10, 2) NOT NULL,     -- euros
    description     VARCHAR(200) NOT NULL,
    invoiced_to     VARCHAR(250) NOT NULL        -- as it was then
);
CREATE INDEX orders_contact ON orders (contact_id);

CREATE TABLE notes (
    id              INTEGER PRIMARY KEY,
    contact_id      INTEGER NOT NULL REFERENCES contacts (id),
    at              DATETIME NOT NULL,
    text            VARCHAR(1000) NOT NULL
);
CREATE INDEX notes_contact ON notes (contact_id);
