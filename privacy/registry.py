"""The data map: what every app says in its ``personal_data.py``, and what this app says for third-party apps."""

from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.db import models

from common.data_map import Table


@cache
def tables() -> dict[str, Table]:
    """Every table by its model's label. Raises LookupError for a model that two apps name."""
    found: dict[str, Table] = {}
    for config in apps.get_app_configs():
        if not find_spec(f"{config.name}.personal_data"):
            continue
        for table in import_module(f"{config.name}.personal_data").TABLES:
            if table.model in found:
                raise LookupError(f"{table.model} is classified twice")
            found[table.model] = table
    return found


@cache
def erasable() -> tuple[Table, ...]:
    """The tables that an erasure deletes from, those that refer to others before those that they refer to."""
    ours = {label: table for label, table in tables().items() if table.erased_by or table.erased_by_address}
    graph: dict[str, set[str]] = {label: set() for label in ours}
    for label in ours:
        for field in apps.get_model(label)._meta.concrete_fields:
            target = field.related_model
            if isinstance(target, type) and issubclass(target, models.Model):
                target_label = target._meta.label
                if target_label in ours and target_label != label:
                    graph[target_label].add(label)
    return tuple(ours[label] for label in TopologicalSorter(graph).static_order())


def problems() -> list[str]:
    """What the data map does not say, or says of something that is not there (scenario 39)."""
    models_by_label = {model._meta.label: model for model in apps.get_models(include_auto_created=True)}
    known, classified = models_by_label.keys(), tables().keys()
    found = [f"{label} is in no personal_data.py" for label in sorted(known - classified)]
    found += [f"{label} is classified and does not exist" for label in sorted(classified - known)]
    for label in sorted(known & classified):
        names = {field.name for field in models_by_label[label]._meta.concrete_fields}
        named = set(tables()[label].fields)
        found += [f"{label}.{name} is not classified" for name in sorted(names - named)]
        found += [f"{label}.{name} is classified and does not exist" for name in sorted(named - names)]
    return found
