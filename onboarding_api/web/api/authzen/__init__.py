"""The standard door to the rules: OpenID AuthZEN Authorization API 1.0, at `/access/v1`.

What the standard says stands in `messages`, `batches`, `paging` and `operations`, over any decision point;
`house` is ours: the rules over the database.
"""
