"""The control plane: one function per operation of botocore's apigateway model."""
