"""AWS::ApiGateway::* as data: which operation makes each, what its properties are called there, what an update does.

Belongs here: the table and nothing that acts on it (``resources.py`` does). Sources: the CloudFormation resource
reference for Amazon API Gateway (properties, update behaviour, return values) and botocore's ``apigateway`` model.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Factory, frozen

#: Properties whose keys are the user's own, or AWS's in their own spelling: never respelled.
FREE_FORM = frozenset(
    {
        "Variables", "StageVariableOverrides", "RequestParameters", "RequestTemplates", "RequestModels",
        "ResponseParameters", "ResponseTemplates", "ResponseModels", "Parameters",
    }
)  # fmt: skip


@frozen(kw_only=True)
class Kind:
    """One resource type whose life is: create with one call, patch, delete.

    ``path``      property -> member naming the parents in every call
    ``rename``    property -> request member, where it is not the property with a small first letter
    ``id``        member of the creation's answer that becomes the physical id
    ``id_member`` how update and delete name that id
    ``replaces``  properties whose change asks for a new resource
    ``patches``   property -> patch path; a path ending in ``[]`` holds a list, in ``{}`` a map
    ``attributes``  Fn::GetAtt name -> member of the answer
    ``named``     property that gets CloudFormation's generated name when the template gives none
    """

    type: str
    create: str
    update: str = ""
    delete: str = ""
    path: Mapping[str, str] = Factory(dict)
    rename: Mapping[str, str] = Factory(dict)
    id: str = "id"
    id_member: str = ""
    replaces: frozenset[str] = frozenset()
    patches: Mapping[str, str] = Factory(dict)
    attributes: Mapping[str, str] = Factory(dict)
    named: str = ""


_API = {"RestApiId": "restApiId"}
_API_ONLY = frozenset({"RestApiId"})

KINDS: dict[str, Kind] = {
    kind.type: kind
    for kind in (
        Kind(
            type="AWS::ApiGateway::Resource", create="CreateResource", update="UpdateResource",
            delete="DeleteResource", path=_API, id_member="resourceId",
            replaces=frozenset({"RestApiId", "ParentId", "PathPart"}), attributes={"ResourceId": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::Model", create="CreateModel", update="UpdateModel", delete="DeleteModel",
            path=_API, id="name", id_member="modelName", named="Name",
            replaces=frozenset({"RestApiId", "Name", "ContentType"}),
            patches={"Description": "/description", "Schema": "/schema"},
        ),
        Kind(
            type="AWS::ApiGateway::RequestValidator", create="CreateRequestValidator",
            update="UpdateRequestValidator", delete="DeleteRequestValidator", path=_API,
            id_member="requestValidatorId", replaces=frozenset({"RestApiId", "Name"}),
            patches={
                "ValidateRequestBody": "/validateRequestBody",
                "ValidateRequestParameters": "/validateRequestParameters",
            },
            attributes={"RequestValidatorId": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::Authorizer", create="CreateAuthorizer", update="UpdateAuthorizer",
            delete="DeleteAuthorizer", path=_API, id_member="authorizerId", replaces=_API_ONLY,
            patches={
                "Name": "/name", "Type": "/type", "AuthType": "/authType", "AuthorizerUri": "/authorizerUri",
                "AuthorizerCredentials": "/authorizerCredentials", "IdentitySource": "/identitySource",
                "AuthorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
                "IdentityValidationExpression": "/identityValidationExpression",
                "ProviderARNs": "/providerARNs[]",
            },
            attributes={"AuthorizerId": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::ApiKey", create="CreateApiKey", update="UpdateApiKey", delete="DeleteApiKey",
            id_member="apiKey", named="Name", replaces=frozenset({"Name", "Value", "GenerateDistinctId"}),
            patches={"CustomerId": "/customerId", "Description": "/description", "Enabled": "/enabled"},
            attributes={"APIKeyId": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::UsagePlan", create="CreateUsagePlan", update="UpdateUsagePlan",
            delete="DeleteUsagePlan", rename={"UsagePlanName": "name"}, id_member="usagePlanId",
            named="UsagePlanName", attributes={"Id": "id"},
            patches={"Description": "/description", "UsagePlanName": "/name"},
        ),
        Kind(
            type="AWS::ApiGateway::UsagePlanKey", create="CreateUsagePlanKey", delete="DeleteUsagePlanKey",
            path={"UsagePlanId": "usagePlanId"}, id_member="keyId",
            replaces=frozenset({"KeyId", "KeyType", "UsagePlanId"}), attributes={"Id": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::BasePathMapping", create="CreateBasePathMapping", update="UpdateBasePathMapping",
            delete="DeleteBasePathMapping", path={"DomainName": "domainName"}, id="basePath", id_member="basePath",
            replaces=frozenset({"DomainName", "BasePath"}), patches={"RestApiId": "/restapiId", "Stage": "/stage"},
        ),
        Kind(
            type="AWS::ApiGateway::BasePathMappingV2", create="CreateBasePathMapping",
            update="UpdateBasePathMapping", delete="DeleteBasePathMapping",
            path={"DomainNameArn": "domainName"}, id="basePath", id_member="basePath",
            replaces=frozenset({"DomainNameArn", "BasePath"}), patches={"RestApiId": "/restapiId", "Stage": "/stage"},
        ),
        Kind(
            type="AWS::ApiGateway::DomainName", create="CreateDomainName", update="UpdateDomainName",
            delete="DeleteDomainName", id="domainName", id_member="domainName", replaces=frozenset({"DomainName"}),
            patches={
                "CertificateArn": "/certificateArn", "RegionalCertificateArn": "/regionalCertificateArn",
                "SecurityPolicy": "/securityPolicy", "EndpointAccessMode": "/endpointAccessMode",
                "RoutingMode": "/routingMode",
                "OwnershipVerificationCertificateArn": "/ownershipVerificationCertificateArn",
            },
            attributes={
                "DistributionDomainName": "distributionDomainName", "RegionalDomainName": "regionalDomainName",
                "DistributionHostedZoneId": "distributionHostedZoneId",
                "RegionalHostedZoneId": "regionalHostedZoneId", "DomainNameArn": "domainNameArn",
            },
        ),
        Kind(
            type="AWS::ApiGateway::DomainNameV2", create="CreateDomainName", update="UpdateDomainName",
            delete="DeleteDomainName", id="domainNameArn", id_member="domainName",
            replaces=frozenset({"DomainName", "EndpointConfiguration"}),
            patches={"CertificateArn": "/certificateArn", "Policy": "/policy", "RoutingMode": "/routingMode"},
            attributes={"DomainNameArn": "domainNameArn", "DomainNameId": "domainNameId"},
        ),
        Kind(
            type="AWS::ApiGateway::DomainNameAccessAssociation", create="CreateDomainNameAccessAssociation",
            delete="DeleteDomainNameAccessAssociation", id="domainNameAccessAssociationArn",
            id_member="domainNameAccessAssociationArn",
            replaces=frozenset({"AccessAssociationSource", "AccessAssociationSourceType", "DomainNameArn"}),
            attributes={"DomainNameAccessAssociationArn": "domainNameAccessAssociationArn"},
        ),
        Kind(
            type="AWS::ApiGateway::VpcLink", create="CreateVpcLink", update="UpdateVpcLink", delete="DeleteVpcLink",
            id_member="vpcLinkId", replaces=frozenset({"TargetArns"}),
            patches={"Name": "/name", "Description": "/description"}, attributes={"VpcLinkId": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::ClientCertificate", create="GenerateClientCertificate",
            update="UpdateClientCertificate", delete="DeleteClientCertificate", id="clientCertificateId",
            id_member="clientCertificateId", patches={"Description": "/description"},
            attributes={"ClientCertificateId": "clientCertificateId"},
        ),
        Kind(
            type="AWS::ApiGateway::DocumentationPart", create="CreateDocumentationPart",
            update="UpdateDocumentationPart", delete="DeleteDocumentationPart", path=_API,
            id_member="documentationPartId", replaces=frozenset({"RestApiId", "Location"}),
            patches={"Properties": "/properties"}, attributes={"DocumentationPartId": "id"},
        ),
        Kind(
            type="AWS::ApiGateway::DocumentationVersion", create="CreateDocumentationVersion",
            update="UpdateDocumentationVersion", delete="DeleteDocumentationVersion", path=_API, id="version",
            id_member="documentationVersion", replaces=frozenset({"RestApiId", "DocumentationVersion"}),
            patches={"Description": "/description"},
        ),
        Kind(
            type="AWS::ApiGateway::GatewayResponse", create="PutGatewayResponse", update="",
            delete="DeleteGatewayResponse", path=_API, id="responseType", id_member="responseType",
            replaces=frozenset({"RestApiId", "ResponseType"}),
        ),
    )
}  # fmt: skip
