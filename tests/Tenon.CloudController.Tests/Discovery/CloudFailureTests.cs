using System.Net;
using Tenon.CloudController.Discovery;
using Tenon.OpenStack;

namespace Tenon.CloudController.Tests.Discovery;

public class CloudFailureTests
{
    [Theory]
    [InlineData(OpenStackErrorKind.Unauthorized, "identity", "Keystone refuses the credentials", "password")]
    [InlineData(OpenStackErrorKind.Unauthorized, "compute", "Nova refuses the token", "clock")]
    [InlineData(OpenStackErrorKind.NotFound, "identity", "Keystone does not know", "auth-url")]
    [InlineData(OpenStackErrorKind.Forbidden, "load-balancer", "Octavia forbids it", "load-balancer_member")]
    [InlineData(OpenStackErrorKind.Forbidden, "network", "Neutron forbids it", "role member")]
    [InlineData(OpenStackErrorKind.Quota, "network", "a quota or a pool of addresses of Neutron", "ask the cloud's operator")]
    [InlineData(OpenStackErrorKind.NoEndpoint, "load-balancer", "no endpoint for Octavia", "os-endpoint-type")]
    [InlineData(OpenStackErrorKind.Tls, "identity", "is not trusted", "ca-file")]
    [InlineData(OpenStackErrorKind.Unavailable, "identity", "Keystone cannot be reached", "auth-url")]
    [InlineData(OpenStackErrorKind.Unavailable, "compute", "Nova cannot be reached", "by itself")]
    [InlineData(OpenStackErrorKind.Timeout, "network", "did not answer in time", "request-timeout")]
    [InlineData(OpenStackErrorKind.RateLimited, "network", "limits the rate", "by itself")]
    [InlineData(OpenStackErrorKind.Internal, "network", "Neutron failed", "ID")]
    [InlineData(OpenStackErrorKind.NotImplemented, "load-balancer", "cannot do it", "lb-provider")]
    [InlineData(OpenStackErrorKind.BadRequest, "network", "refuses the request", "ID")]
    public void A_failure_of_the_cloud_names_service_reason_and_fix(OpenStackErrorKind kind, string service, string says, string fix)
    {
        var failure = CloudFailure.Explain(new OpenStackException(kind, service, $"{service}.things.list", HttpStatusCode.BadGateway, null, "the service's own words.", "req-1"));
        failure.Message.ShouldContain(says);
        failure.Message.ShouldContain("the service's own words");
        failure.Message.ShouldContain("req-1");
        failure.Fix.ShouldContain(fix);
        failure.ToSentences().ShouldEndWith(".");
    }
}
