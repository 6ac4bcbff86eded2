"""Rows -> facts: the closed set of what the rules may reach from a person and a thing.

One module a kind of thing: what its row tells the rules, and beside it the SQL columns that tell the same.
The names are those of policies/model/entities.yaml. Codes, flags, dates and ids only: never a name, so that a
decision can be kept and replayed. The catalogue (espaces, services) is the engine's own.
"""
