"""What is told about a request: logs, metrics, traces, the trail."""
