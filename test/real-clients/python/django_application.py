"""A Django project in one file, around the settings of a document. It listens at the port of its first argument."""

import runpy
import sys
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path

port, document = sys.argv[1:]
settings.configure(
    SECRET_KEY="a key of a test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    **{name: value for name, value in runpy.run_path(document).items() if name.isupper()},
)
django.setup()
urlpatterns = [
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("", lambda request: JsonResponse({"email": getattr(request.user, "email", None)})),
]
call_command("migrate", verbosity=0)
make_server("127.0.0.1", int(port), get_wsgi_application()).serve_forever()
