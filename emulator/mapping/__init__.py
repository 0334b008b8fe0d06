"""Text in, text out: VTL, JSONPath, parameter mappings. No I/O."""
