"""Flask that takes callbacks (回调) of WeCom at /wecom/callback. Start it with ``flask --app flask_app run``."""

import os

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from wecom_auto.callbacks import Callback, CustomerAdded, EventRouter, wsgi_app

callback = Callback(os.environ["WECOM_TOKEN"], os.environ["WECOM_AES_KEY"], os.environ["WECOM_CORP_ID"])
router = EventRouter()


@router.on(CustomerAdded)
def greet(event: CustomerAdded) -> None:
    """Take a new customer; less than 5 s for everything that happens here."""
    print("new customer", event.external_userid, "from", event.state, flush=True)


app = Flask(__name__)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/wecom/callback": wsgi_app(callback, router)})


@app.get("/")
def home() -> str:
    """Show that the rest of the site is where it was."""
    return "home"
