using System.Net;
using Tenon.OpenStack.Tests.Support;
using static Tenon.OpenStack.OpenStackErrorKind;

namespace Tenon.OpenStack.Tests;

/// <summary>What the services' own words mean. The bodies are what Zed's services answered, or what their sources say they answer.</summary>
public sealed class ErrorKindTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cloud = await ScriptedCloud.StartAsync();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    public static TheoryData<OpenStackErrorKind, string, int, string, string?> Answers()
    {
        static string Neutron(string type, string message) => $$$"""{"NeutronError": {"type": "{{{type}}}", "message": "{{{message}}}", "detail": ""}}""";
        static string Octavia(string message, string code = "Client") => $$$"""{"faultcode": "{{{code}}}", "faultstring": "{{{message}}}", "debuginfo": null}""";
        static string Nova(string key, int code, string message) => $$$"""{"{{{key}}}": {"code": {{{code}}}, "message": "{{{message}}}"}}""";
        const string Html = "<html>\r\n<head><title>503 Service Unavailable</title></head>\r\n<body><h1>503 Service Unavailable</h1>No server is available to handle this request.</body></html>";
        return new()
        {
            { NotFound, "network", 404, Neutron("PortNotFound", "Port x could not be found."), "PortNotFound" },
            { NotFound, "network", 404, Neutron("NetworkNotFound", "Network x could not be found."), "NetworkNotFound" },
            { Conflict, "network", 409, Neutron("IpAddressAlreadyAllocated", "IP address 10.10.0.51 already allocated in subnet s"), "IpAddressAlreadyAllocated" },
            { Conflict, "network", 409, Neutron("SecurityGroupRuleExists", "Security group rule already exists. Rule id is r."), "SecurityGroupRuleExists" },
            { Conflict, "network", 409, Neutron("SecurityGroupInUse", "Security Group g in use."), "SecurityGroupInUse" },
            { Conflict, "network", 409, Neutron("TrunkPortInUse", "Port p is in use by another trunk."), "TrunkPortInUse" },
            { Conflict, "network", 409, Neutron("PortInUseAsSubPort", "Port p is currently a subport for trunk t."), "PortInUseAsSubPort" },
            { Conflict, "network", 409, Neutron("ServicePortInUse", "Port p cannot be deleted directly via the port API: has device owner network:router_interface."), "ServicePortInUse" },
            { Conflict, "network", 409, Neutron("TrunkInErrorState", "Trunk t is in error state. Attempt to resolve the error condition before proceeding."), "TrunkInErrorState" },
            { Conflict, "network", 409, Neutron("FloatingIPPortAlreadyAssociated", "Cannot associate floating IP 1.2.3.4 (f) with port p."), "FloatingIPPortAlreadyAssociated" },
            { Conflict, "network", 412, Neutron("RevisionNumberConstraintFailed", "Constrained to 1, but current revision is 2"), "RevisionNumberConstraintFailed" },
            { Quota, "network", 409, Neutron("OverQuota", "Quota exceeded for resources: ['floatingip']."), "OverQuota" },
            { Quota, "network", 409, Neutron("IpAddressGenerationFailure", "No more IP addresses available on network n."), "IpAddressGenerationFailure" },
            { Quota, "network", 400, Neutron("ExternalIpAddressExhausted", "Unable to find any IP address on external network n."), "ExternalIpAddressExhausted" },
            { Quota, "network", 400, Neutron("RoutesExhausted", "Unable to complete operation for r. The number of routes exceeds the maximum 30."), "RoutesExhausted" },
            { Quota, "network", 503, Neutron("NoNetworkAvailable", "Unable to create the network. No tenant network is available for allocation."), "NoNetworkAvailable" },
            { BadRequest, "network", 400, Neutron("BadRequest", "Bad floatingip request: Network n is not a valid external network."), "BadRequest" },
            { BadRequest, "network", 400, Neutron("InvalidRoutes", "Invalid format for routes: [], the nexthop is not connected with router"), "InvalidRoutes" },
            { BadRequest, "network", 400, Neutron("HTTPBadRequest", "Unrecognized attribute(s) 'x'"), "HTTPBadRequest" },
            { Forbidden, "network", 403, Neutron("PolicyNotAuthorized", "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy"), "PolicyNotAuthorized" },
            { Forbidden, "network", 403, Neutron("AdminRequired", "User does not have admin privileges: Only admin is authorized to access quotas for another project."), "AdminRequired" },
            { Internal, "network", 500, Neutron("HTTPInternalServerError", "Request Failed: internal server error while processing your request."), "HTTPInternalServerError" },
            { Busy, "load-balancer", 409, Octavia("Load Balancer b is immutable and cannot be updated."), "Client" },
            { Busy, "load-balancer", 409, Octavia("Invalid state PENDING_UPDATE of loadbalancer resource b"), "Client" },
            { Conflict, "load-balancer", 409, Octavia("Invalid state ERROR of loadbalancer resource b"), "Client" },
            { Conflict, "load-balancer", 409, Octavia("Another Listener on this Load Balancer is already using protocol TCP and protocol_port 80"), "Client" },
            { Conflict, "load-balancer", 409, Octavia("Another member on this pool is already using ip 10.10.0.40 on protocol_port 9"), "Client" },
            { Conflict, "load-balancer", 409, Octavia("This pool already has a health monitor"), "Client" },
            { Conflict, "load-balancer", 409, Octavia("This listener already has a default pool"), "Client" },
            { Quota, "load-balancer", 403, Octavia("Quota has been met for resources: LoadBalancer"), "Client" },
            { Forbidden, "load-balancer", 403, Octavia("Policy does not allow this request to be performed."), "Client" },
            { Busy, "load-balancer", 503, Octavia("Project busy. Unable to lock the project. Please try again."), "Client" },
            { NotImplemented, "load-balancer", 501, Octavia("Provider 'ovn' does not support a requested option: OVN provider does not support allowed_cidrs option", "Server"), "Server" },
            { NotImplemented, "load-balancer", 501, Octavia("Provider 'ovn' does not support a requested action: x", "Server"), "Server" },
            { Internal, "load-balancer", 500, Octavia("Provider 'amphora' reports error: x", "Server"), "Server" },
            { BadRequest, "load-balancer", 400, Octavia("Provider 'nope' is not enabled."), "Client" },
            { BadRequest, "load-balancer", 400, Octavia("Validation failure: Cannot delete Load Balancer b - it has children"), "Client" },
            { BadRequest, "load-balancer", 400, Octavia("Subnet s not found."), "Client" },
            { NotFound, "load-balancer", 404, Octavia("Load Balancer b not found."), "Client" },
            { NotFound, "compute", 404, Nova("itemNotFound", 404, "Instance x could not be found."), "itemNotFound" },
            { Unauthorized, "identity", 404, """{"error": {"code": 404, "message": "Could not find Application Credential: a.", "title": "Not Found"}}""", "Not Found" },
            { Quota, "compute", 403, Nova("forbidden", 403, "Quota exceeded for instances: Requested 1, but already used 200 of 200 instances"), "forbidden" },
            { Forbidden, "compute", 403, Nova("forbidden", 403, "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed."), "forbidden" },
            { Busy, "compute", 409, Nova("conflictingRequest", 409, "Cannot 'stop' instance x while it is in task_state powering-off"), "conflictingRequest" },
            { Conflict, "compute", 409, Nova("conflictingRequest", 409, "Cannot 'stop' instance x while it is in vm_state stopped"), "conflictingRequest" },
            { RateLimited, "compute", 429, Nova("overLimit", 429, "This request was rate-limited."), "overLimit" },
            { Quota, "compute", 413, Nova("overLimit", 413, "Quota exceeded for cores"), "overLimit" },
            { BadRequest, "compute", 400, Nova("badRequest", 400, "Invalid input for field/attribute"), "badRequest" },
            { Internal, "compute", 500, Nova("computeFault", 500, "Unexpected API Error."), "computeFault" },
            { Forbidden, "key-manager", 403, """{"code": 403, "title": "Forbidden", "description": "Secret retrieval attempt not allowed - please review your user/project privileges"}""", "Forbidden" },
            { Quota, "key-manager", 403, """{"code": 403, "title": "Quota reached", "description": "Quota reached for project x. Only 5 secrets are allowed."}""", "Quota reached" },
            { NotFound, "load-balancer", 404, """{"code": 404, "title": "Bad Request", "description": "Pool x not found."}""", "Bad Request" },
            { NotImplemented, "load-balancer", 404, """{"code": 404, "title": "Not Found", "description": ""}""", null },
            { NotImplemented, "load-balancer", 404, """{"code": 404, "title": "Not Found", "description": null}""", null },
            { NotImplemented, "network", 404, Neutron("HTTPNotFound", "The resource could not be found."), "HTTPNotFound" },
            { NotImplemented, "compute", 404, """{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}""", "404 Not Found" },
            { Unavailable, "compute", 404, "<html><body><h1>404 Not Found</h1></body></html>", null },
            { Unavailable, "compute", 404, "default backend - 404", null },
            { Unavailable, "network", 404, "", null },
            { Unavailable, "network", 503, Html, null },
            { Unavailable, "network", 502, "<html><body>Bad Gateway</body></html>", null },
            { OpenStackErrorKind.Timeout, "load-balancer", 504, "<html><body><h1>504 Gateway Time-out</h1></body></html>", null },
            { BadRequest, "network", 414, "", null },
            { Internal, "network", 599, "", null },
            { Internal, "network", 302, "", null },
        };
    }

    [Theory(Timeout = 20_000, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Answers))]
    public async Task Every_answer_has_its_kind(OpenStackErrorKind kind, string service, int status, string body, string? code)
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, status, body, ("x-openstack-request-id", "req-1"));
        await using CloudClient client = _cloud.Connect(new() { Retry = new() { MaxAttempts = 1 } });
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => service switch
        {
            "network" => client.Networking().CreatePortAsync(new() { NetworkId = "n" }, Ct),
            "load-balancer" => client.LoadBalancing().UpdateLoadBalancerAsync("b", new() { Name = "x" }, Ct),
            "compute" => client.Compute().ListServersAsync(new(), Ct).ToListAsync(),
            "identity" => client.Identity.ListProjectsAsync(Ct).ToListAsync(),
            _ => kind == NotFound ? Task.CompletedTask : client.KeyManager().ExistsAsync("https://x/v1/secrets/1", Ct),
        });
        (error.Kind, error.Service, error.Status, error.Code, error.RequestId).ShouldBe((kind, service, (HttpStatusCode)status, code, "req-1"), body);
        error.Message.ShouldNotContain("<");
        error.Message.ShouldContain("req-1");
        if (body.Contains("\"message\"", StringComparison.Ordinal) && !body.Contains("<br", StringComparison.Ordinal) || body.Contains("faultstring", StringComparison.Ordinal)) body.ShouldContain(error.ServiceMessage);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("<html><body>404 Not Found</body></html>")]
    [InlineData("")]
    [InlineData("default backend - 404")]
    [InlineData("""{"message": "The resource could not be found.<br /><br />", "code": "404 Not Found", "title": "Not Found"}""")]
    public async Task A_404_that_is_not_the_services_own_never_means_that_something_is_gone(string body)
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 404, body);
        await using CloudClient client = _cloud.Connect();
        await Should.ThrowAsync<OpenStackException>(() => client.Compute().GetServerAsync("s", Ct));
        await Should.ThrowAsync<OpenStackException>(() => client.Networking().DeletePortAsync("p", Ct));
        await Should.ThrowAsync<OpenStackException>(() => client.LoadBalancing().ListMembersAsync("p", Ct).ToListAsync());
        await Should.ThrowAsync<OpenStackException>(() => client.KeyManager().ExistsAsync("https://x/v1/secrets/1", Ct));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_deleted_application_credential_is_unauthorized_and_no_resource_seems_gone()
    {
        _cloud.Keystone = (_, context) => ScriptedCloud.Answer(
            context, 404, """{"error":{"code":404,"message":"Could not find Application Credential: deadbeef.","title":"Not Found"}}""");
        await using CloudClient client = _cloud.Connect();
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Compute().GetServerAsync("s", Ct));
        (error.Kind, error.Service, error.Code).ShouldBe((Unauthorized, "identity", "Not Found"));
        await Should.ThrowAsync<OpenStackException>(() => client.Networking().DeletePortAsync("p", Ct));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_good_status_with_nonsense_is_an_error_that_says_so()
    {
        await using CloudClient client = _cloud.Connect();
        foreach (string body in new[] { "", "null", "[]", "<html>Login</html>", """{"port": 7}""", """{"pork": {"id": "x"}}""" })
        {
            _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, body);
            OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().CreatePortAsync(new() { NetworkId = "n" }, Ct), body);
            error.Kind.ShouldBe(Internal, body);
        }
    }
}
