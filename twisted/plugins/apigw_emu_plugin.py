"""The twistd plugin ``apigw-emu``: a name, and where its code is."""

from twisted.application.service import ServiceMaker

apigw_emu = ServiceMaker(
    "apigw-emu",
    "emulator.tap",
    "An emulator of Amazon API Gateway REST APIs, with the AWS services around them.",
    "apigw-emu",
)
