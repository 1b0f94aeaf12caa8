"""The demo: one contract and one session through each of two operators, with real figures, on the local stack."""
