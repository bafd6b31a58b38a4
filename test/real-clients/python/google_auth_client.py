"""
Signs in as an installed application without a secret, at any port of loopback, and refreshes twice: google-auth with
google-auth-oauthlib. The library listens for the browser itself.
"""

import webbrowser

from google.auth.transport.requests import Request
from google_auth_oauthlib.flow import InstalledAppFlow

from conversation import send_to, settings, tell


class Browser(webbrowser.GenericBrowser):
    def open(self, url, new=0, autoraise=True):
        send_to(url)
        return True


webbrowser.register("test", None, Browser("test"), preferred=True)

issuer = settings["issuer"]
installed = {
    "client_id": settings["client_id"],
    "client_secret": settings["client_secret"],
    "auth_uri": f"{issuer}/auth/authorize",
    "token_uri": f"{issuer}/auth/token",
}
flow = InstalledAppFlow.from_client_config({"installed": installed}, settings["scopes"])
credentials = flow.run_local_server(port=0)
answers = [{"scopes": sorted(credentials.granted_scopes), "access_token": credentials.token}]
for _ in range(2):
    credentials.refresh(Request())
    answers.append({"scopes": sorted(credentials.granted_scopes), "access_token": credentials.token})
tell(answers=answers)
