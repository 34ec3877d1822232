"""Django that takes callbacks (回调) of WeCom at /wecom/callback. Start it with ``python django_app.py runserver``."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from wecom_auto.callbacks import Callback, CustomerAdded, EventRouter, wsgi_app

callback = Callback(os.environ["WECOM_TOKEN"], os.environ["WECOM_AES_KEY"], os.environ["WECOM_CORP_ID"])
router = EventRouter()


@router.on(CustomerAdded)
def greet(event: CustomerAdded) -> None:
    """Take a new customer; less than 5 s for everything that happens here."""
    print("new customer", event.external_userid, "from", event.state, flush=True)


door = wsgi_app(callback, router)


@csrf_exempt  # The platform signs its requests and knows nothing of Django's tokens.
def wecom(request: HttpRequest) -> HttpResponse:
    """Let the door answer: it reads the body itself, so that a large one is never in memory."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(door({**request.META, "wsgi.input": request}, lambda *head: started.append(head)))
    [(status, headers)] = started
    return HttpResponse(body, status=int(status[:3]), headers=dict(headers))


def home(_request: HttpRequest) -> HttpResponse:
    """Show that the rest of the site is where it was."""
    return HttpResponse("home")


urlpatterns = [path("wecom/callback", wecom), path("", home)]

# From here on: the least of a project. In yours, `wecom` is in views.py and its path in urls.py.
settings.configure(
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", "only for trying out"),
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    WSGI_APPLICATION=f"{__name__}.application",
)
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
