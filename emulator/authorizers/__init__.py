"""Who may call: policies, signatures, tokens, authorizer functions."""
