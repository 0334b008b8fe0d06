"""OpenAPI documents in and out, and SDKs made from them."""
