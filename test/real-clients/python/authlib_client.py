"""Signs in, refreshes twice and revokes with Authlib's client for requests, and verifies ID tokens with PyJWT."""

import jwt
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from conversation import answer_to, settings, tell

issuer = settings["issuer"]
token_url = f"{issuer}/auth/token"
# Without a secret, the library authenticates with "none".
client = OAuth2Session(
    settings["client_id"],
    settings["client_secret"] or None,
    redirect_uri=settings["redirect_uri"],
    scope=settings["scope"],
    code_challenge_method="S256",
    token_endpoint=token_url,
)
verifier = generate_token(48)
url, _state = client.create_authorization_url(f"{issuer}/auth/authorize", code_verifier=verifier)
tokens = [client.fetch_token(token_url, authorization_response=answer_to(url), code_verifier=verifier)]
for _ in range(2):
    tokens.append(client.refresh_token(token_url))
userinfo = client.get(f"{issuer}/auth/userinfo").json()
client.revoke_token(f"{issuer}/auth/revoke", token=tokens[-1]["refresh_token"], token_type_hint="refresh_token")
revoked = client.get(f"{issuer}/auth/userinfo")

keys = jwt.PyJWKClient(f"{issuer}/auth/jwks")


def verified(token, key_of=keys.get_signing_key_from_jwt):
    return jwt.decode(
        token["id_token"], key_of(token["id_token"]), ["RS256"], audience=settings["client_id"], issuer=issuer
    )


tell(
    scopes=[token["scope"] for token in tokens],
    id_tokens_of=[verified(token)["sub"] for token in tokens],
    userinfo_of=userinfo["sub"],
    after_revocation=revoked.status_code,
)
