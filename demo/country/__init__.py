"""The country as a data set: every structure, sixty thousand people and what happened to them, made up alike.

The same scale and seed give the same rows on every machine. It is the data of every benchmark.
"""
