"""Acts that the law or the clock demands: retention runs, erasure, the ledger, and the candidate's "my data"."""
