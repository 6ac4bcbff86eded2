"""The engine of the rules: the question, the answer, and what a decision stands on.

- the question and the answer: `request`, `decide`, `explain`, `journal`, `alarms`
- what a decision stands on: `revision`, `facts`, `slice`, `probes`
- lists: `sqlfilter`
"""
