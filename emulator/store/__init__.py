"""API Gateway's records, per account and region."""
