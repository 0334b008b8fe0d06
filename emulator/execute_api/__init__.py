"""The data plane: a request through the frozen deployment. Imports no twisted.web."""
