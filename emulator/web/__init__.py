"""The HTTP channel under the resource tree."""
