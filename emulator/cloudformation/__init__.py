"""AWS::ApiGateway resources for CloudFormation, and the SAM transform."""
