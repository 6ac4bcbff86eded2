"""The tools of reviewers: test, prove, compare, walk, replay, print. None of them is needed to decide.

- tests: `scenarios`, `cases`, `mutants`, `mutate`
- proofs: `smt` (the encoder), `models` (its models as questions), `encoder_check`, `prove`, `second_opinion`
- sequences: `life`, `life_facts`, `lifecycle`
- changes: `revisions`, `diff`, `replay`
- reading: `lint`, `check`, `why`, `access`, `matrix`, `controls`, `pages`, `report`
- a second implementation: `oracle`, with `random_worlds` and `bench`
"""
