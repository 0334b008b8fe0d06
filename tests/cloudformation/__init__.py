"""CloudFormation on top of the control plane."""
