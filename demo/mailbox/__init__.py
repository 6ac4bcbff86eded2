"""The development mailbox: takes every mail over SMTP, sends none, shows them on a small page.

Not for production: whoever reaches its page reads everybody's mail. It listens on loopback by default.
"""
