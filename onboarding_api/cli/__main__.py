"""`python -m onboarding_api.cli` is `bdt`."""

from onboarding_api.cli import main

main()
