"""Signs in, reads userinfo and refreshes twice with requests-oauthlib, which needs no switch."""

from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from conversation import answer_to, settings, tell

issuer = settings["issuer"]
client_id = settings["client_id"]
client_secret = settings["client_secret"]
token_url = f"{issuer}/auth/token"

session = OAuth2Session(client_id, redirect_uri=settings["redirect_uri"], scope=settings["scope"], pkce="S256")
url, _state = session.authorization_url(f"{issuer}/auth/authorize")
tokens = session.fetch_token(
    token_url,
    authorization_response=answer_to(url),
    auth=HTTPBasicAuth(client_id, client_secret),
)
scopes = [" ".join(tokens["scope"])]
for _ in range(2):
    tokens = session.refresh_token(token_url, auth=HTTPBasicAuth(client_id, client_secret))
    scopes.append(" ".join(tokens["scope"]))
userinfo = session.get(f"{issuer}/auth/userinfo").json()
tell(scopes=scopes, sub=userinfo["sub"])
