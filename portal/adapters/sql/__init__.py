"""The SQL adapter: a CRM in any database that SQLAlchemy reaches."""

from portal.adapters.sql.adapter import SqlAdapter

__all__ = ["SqlAdapter"]
