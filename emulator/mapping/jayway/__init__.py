"""JSONPath by the rules of Jayway JsonPath 2.7, the dialect AWS reads: reading paths, walking documents, filters,
functions.
"""
