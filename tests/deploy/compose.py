"""Reads a compose file as YAML, anchors and merges resolved, and prints its services as JSON."""

import json
import sys

import yaml

with open(sys.argv[1]) as file:
    print(json.dumps(yaml.safe_load(file)["services"]))
