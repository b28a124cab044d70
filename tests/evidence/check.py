"""Checks a request's evidence with nothing of ours: `python check.py <file.zip>`; says what it read, as JSON."""

import hashlib
import json
import sys
import zipfile


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


with zipfile.ZipFile(sys.argv[1]) as bundle:
    assert bundle.testzip() is None
    files = {name: bundle.read(name) for name in bundle.namelist()}
manifest = json.loads(files.pop("manifest.json"))
assert {entry["path"]: entry["sha256"] for entry in manifest["files"]} == {
    name: sha256(data) for name, data in files.items()
}
events = [json.loads(line) for line in files["events.jsonl"].decode().splitlines()]
previous = bytes(32)
for line in events:
    previous = hashlib.sha256(previous + canonical(line["event"])).digest()
    assert previous.hex() == line["hash"]
    if "personal" in line["event"]:
        assert sha256(canonical(line["personal"])) == line["event"]["personal"]
assert manifest["history"] == {"events": len(events), "head": previous.hex()}
documents = [document["digest"] for document in events[0]["event"]["fact"]["with"]["documents"]]
originals = sorted(name for name in files if name.startswith("originals/"))
assert [sha256(files[name]) for name in originals] == documents
print(json.dumps({"files": sorted(files), "status": manifest["status"], "events": len(events)}))
