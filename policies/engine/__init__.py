"""The engine of the rules: the only code that imports cedarpy.

- the question and the answer: `request`, `decide`, `explain`, `journal`, `alarms`
- what a decision stands on: `catalogue`, `model`, `statements`, `revision`, `facts`, `slice`
- what every tool says of the syntax tree: `syntax`, `subset`, `environments`, `probes`
- lists: `sqlfilter`; people: `cli`; sources written by people: `yaml_source`, `strict`, `faults`
"""
