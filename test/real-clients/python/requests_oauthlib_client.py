"""Signs in, refreshes twice and reads userinfo with the lines of a document. The library needs no switch."""

import runpy

from conversation import answer_to, settings, tell

listo = runpy.run_path(settings["document"])

tokens = [listo["signed_in"](answer_to(listo["sign_in"]()))]
for _ in range(2):
    tokens.append(listo["refresh"]())
userinfo = listo["session"].get(f"{settings['issuer']}/auth/userinfo").json()
tell(scopes=[" ".join(token["scope"]) for token in tokens], sub=userinfo["sub"])
