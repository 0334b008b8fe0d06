"""Tests of the Lambda runtime."""
