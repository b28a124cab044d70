"""Stamps messages as vendors do, from their documentation and with nothing of ours: each line of the input is one."""
import base64
import datetime
import hashlib
import hmac
import json
import sys

from standardwebhooks.webhooks import Webhook


def stamped(told):
    scheme, secret, seconds = told["scheme"], told["secret"], told["seconds"]
    body = base64.b64decode(told["body"])

    def mac(over):
        return hmac.new(secret.encode(), over, hashlib.sha256)

    if scheme == "d4sign":
        return {"Content-Hmac": "sha256=" + mac(told["document"].encode()).hexdigest()}, body
    if scheme == "certyneo":
        return {"X-Certyneo-Signature": mac(body).hexdigest()}, body
    if scheme == "standard_webhooks":
        at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return {
            "Webhook-Id": told["id"],
            "Webhook-Timestamp": str(seconds),
            "Webhook-Signature": Webhook(secret).sign(told["id"], at, body.decode()),
        }, body
    if scheme == "stripe":
        return {"Stripe-Signature": f"t={seconds},v1={mac(f'{seconds}.'.encode() + body).hexdigest()}"}, body
    if scheme == "docusign":
        return {"X-DocuSign-Signature-1": base64.b64encode(mac(body).digest()).decode()}, body
    if scheme == "clicksign":
        return {"Content-Hmac": "sha256=" + mac(body).hexdigest()}, body
    if scheme == "docuseal":
        return {"X-Docuseal-Signature": f"{seconds}.{mac(f'{seconds}.'.encode() + body).hexdigest()}"}, body
    event = {"event_time": str(seconds), "event_type": "signature_request_sent"}
    event["event_hash"] = mac((event["event_time"] + event["event_type"]).encode()).hexdigest()
    return {}, json.dumps({"event": event}).encode()


for line in sys.stdin:
    told = json.loads(line)
    headers, body = stamped(told)
    print(json.dumps({"headers": headers, "body": base64.b64encode(body).decode()}))
