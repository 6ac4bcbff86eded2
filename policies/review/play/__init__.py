"""`bdt policy play`: a page on this machine: who, which act, on what, when; change a fact."""
