"""How a client program talks to the test that runs it: client-program.ts describes the lines."""

import json
import sys

settings = json.loads(sys.argv[-1])


def send_to(authorization_request):
    """Sends the person's browser there."""
    print(json.dumps({"authorize": authorization_request}), flush=True)


def answer_to(authorization_request):
    """Sends the person's browser there, and returns the address to which it was sent with the answer."""
    send_to(authorization_request)
    return sys.stdin.readline().strip()


def tell(**result):
    print(json.dumps({"result": result}), flush=True)
