"""Verifies messages as a receiver would: each line of the input is one, with the secret that it should be known by."""
import base64
import hashlib
import hmac
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    told = json.loads(line)
    headers, body, secret = told["headers"], base64.b64decode(told["body"]), told["secret"]
    try:
        Webhook(secret).verify(body.decode(), headers)
        standard = True
    except WebhookVerificationError as error:
        standard = str(error)

    def vendors(over):
        return hmac.new(secret.encode(), over, hashlib.sha256).hexdigest()

    print(json.dumps({
        "standard": standard,
        "certyneo": headers.get("x-certyneo-signature") == vendors(body),
        "d4sign": headers.get("content-hmac") == "sha256=" + vendors(told["document"].encode()),
    }))
