"""Reads Prometheus rules and a Grafana dashboard; prints the names of the metrics that they ask for, as JSON.

An expression that cannot be parsed is an error. What Grafana puts in before it asks is put in here.
"""

import json
import re
import sys

import promql_parser
import yaml

rules, dashboard = sys.argv[1:]
with open(rules) as file:
    groups = yaml.safe_load(file)["groups"]
with open(dashboard) as file:
    panels = json.load(file)["panels"]

expressions = [rule["expr"] for group in groups for rule in group["rules"]]
for group in groups:
    for rule in group["rules"]:
        assert {"alert", "expr", "labels", "annotations"} <= rule.keys(), rule
for panel in panels:
    expressions += [target["expr"].replace("$__rate_interval", "5m") for target in panel["targets"]]

names = set()
for expression in expressions:
    # The printed form holds every selector; strings and label names hold no name of a metric of ours.
    tree = promql_parser.parse(expression)
    names.update(re.findall(r"\bcountersign_\w+", tree.prettify()))
print(json.dumps(sorted(names)))
