"""What CreateDeployment compiles: routes, templates, validators and mappings, frozen, ready to serve."""
