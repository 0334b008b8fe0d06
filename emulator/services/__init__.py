"""The other AWS services: moto in process, or an endpoint the user names."""
