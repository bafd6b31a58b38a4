"""Refreshes the credentials of a user twice with google-auth, which sends an empty client secret in the form."""

from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

from conversation import settings, tell

credentials = Credentials(
    token=None,
    refresh_token=settings["refresh_token"],
    token_uri=f"{settings['issuer']}/auth/token",
    client_id=settings["client_id"],
    client_secret=settings["client_secret"],
    scopes=settings["scopes"],
)
refreshed = []
for _ in range(2):
    credentials.refresh(Request())
    refreshed.append({"scopes": sorted(credentials.granted_scopes), "access_token": credentials.token})
tell(refreshed=refreshed)
