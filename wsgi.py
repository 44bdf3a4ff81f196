"""For a WSGI server of your own choice: ``gunicorn wsgi:app``, ``waitress-serve wsgi:app``.

`portal run` needs none of this. With this module run the worker beside it: ``portal worker``.
"""

from portal import create_app
from portal.config import load

app = create_app(load())
