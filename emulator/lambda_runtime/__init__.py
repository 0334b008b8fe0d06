"""Lambda functions in worker processes on AWS's own runtime clients."""
