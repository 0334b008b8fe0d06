"""apigw-emu: an emulator of Amazon API Gateway REST APIs."""
