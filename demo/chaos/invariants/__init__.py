"""The fourteen invariants, read from outside: raw rows, Keycloak's admin API, mailbox, spool and logs.

Nothing here asks the code that it judges: the life of a habilitation, what is effective, the chain of the
journal and the names of mails are written down a second time, from the reference and not from the program.
Each invariant is a function that yields what breaks it, one sentence each; none means it holds.
"""
