"""The tools of reviewers: test, prove, compare, walk, replay, print. None of them is needed to decide.

- `cases`: questions with the answers people expect, and how they are told
- `proofs`: check, lint, the encoder, properties, the second opinion
- `sequences`: the life of one small structure, walked whole
- `changes`: revisions, diff, replay, and the slips that cases would notice
- `words`: cases made readable, changes in French sentences
- `play`: one page to try questions on
- `pages`: matrix, controls, report, difference
- `commands`: `bdt policy …` and its bench
"""
