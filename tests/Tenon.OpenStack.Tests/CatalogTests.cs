using System.Text.Json.Nodes;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

public sealed class CatalogTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cloud = await ScriptedCloud.StartAsync();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, "{}");
    }

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    [Theory(Timeout = 20_000)]
    [InlineData("network", "/net", "/net/v2.0/ports/x")]
    [InlineData("network", "/net/", "/net/v2.0/ports/x")]
    [InlineData("network", "/net/v2.0", "/net/v2.0/ports/x")]
    [InlineData("network", "/net/v2.0/", "/net/v2.0/ports/x")]
    [InlineData("load-balancer", "/lb", "/lb/v2.0/lbaas/loadbalancers/x")]
    [InlineData("load-balancer", "/lb/v2", "/lb/v2.0/lbaas/loadbalancers/x")]
    [InlineData("load-balancer", "/lb/v2.0/lbaas", "/lb/v2.0/lbaas/loadbalancers/x")]
    [InlineData("octavia", "", "/v2.0/lbaas/loadbalancers/x")]
    [InlineData("compute", "", "/v2.1/servers/x")]
    [InlineData("compute", "/compute", "/compute/v2.1/servers/x")]
    [InlineData("compute", "/compute/v2.1", "/compute/v2.1/servers/x")]
    [InlineData("compute", "/v2/0123456789abcdef", "/v2/0123456789abcdef/servers/x")]
    [InlineData("compute_legacy", "/v2/p", "/v2/p/servers/x")]
    [InlineData("key-manager", "", "/v1/secrets/x")]
    [InlineData("key-manager", "/km/v1", "/km/v1/secrets/x")]
    public async Task Endpoints_with_and_without_versions_and_under_aliases_lead_to_the_same_resources(string type, string url, string expected)
    {
        _cloud.Catalog = [ScriptedCloud.Service(type, "RegionOne", "public", _cloud.Root + url)];
        await using CloudClient client = _cloud.Connect();
        await (type switch
        {
            "network" => client.Networking().GetPortAsync("x", Ct),
            "load-balancer" or "octavia" => client.LoadBalancing().GetLoadBalancerAsync("x", Ct),
            "key-manager" => client.KeyManager().ExistsAsync("https://barbican/v1/secrets/x", Ct),
            _ => (Task)client.Compute().GetServerAsync("x", Ct),
        });
        _cloud.ServiceCalls.ShouldHaveSingleItem().Path.ShouldBe(expected);
    }

    [Fact(Timeout = 20_000)]
    public async Task The_official_type_wins_over_its_alias()
    {
        _cloud.Catalog =
        [
            ScriptedCloud.Service("octavia", "RegionOne", "public", _cloud.Root + "/alias"),
            ScriptedCloud.Service("load-balancer", "RegionOne", "public", _cloud.Root + "/official"),
        ];
        await using CloudClient client = _cloud.Connect();
        await client.LoadBalancing().GetLoadBalancerAsync("x", Ct);
        _cloud.ServiceCalls.ShouldHaveSingleItem().Path.ShouldStartWith("/official/");
    }

    [Fact(Timeout = 20_000)]
    public async Task Region_and_interface_choose_and_a_client_can_use_another_region()
    {
        JsonObject[] all =
        [
            .. from region in new[] { "one", "two" }
               from face in new[] { "admin", "internal", "public" }
               select ScriptedCloud.Service("network", region, face, $"{_cloud.Root}/{region}/{face}"),
        ];
        _cloud.Catalog = [.. all];
        await using CloudClient client = _cloud.Connect(credentials: _cloud.Credentials with { Region = "two", Interface = EndpointInterface.Internal });
        await client.Networking().GetPortAsync("x", Ct);
        await client.Networking("one").GetPortAsync("x", Ct);
        _cloud.ServiceCalls.Select(c => c.Path).ShouldBe(["/two/internal/v2.0/ports/x", "/one/internal/v2.0/ports/x"]);
        (await client.Identity.GetRegionsAsync(Ct)).ShouldBe(["one", "two"]);
        (await client.Identity.HasServiceAsync("network", null, Ct)).ShouldBeTrue();
        (await client.Identity.HasServiceAsync("network", "three", Ct)).ShouldBeFalse();
        (await client.Identity.HasServiceAsync("load-balancer", null, Ct)).ShouldBeFalse();
    }

    [Theory(Timeout = 20_000)]
    [InlineData("network", "one", null, "public", null)]
    [InlineData("network", "nowhere", null, "public", "no network service in region nowhere, only in one, two")]
    [InlineData("network", null, "two", "public", null)]
    [InlineData("network", null, null, "public", "several regions, one, two; say which one with the region option")]
    [InlineData("network", "one", null, "internal", "has no internal endpoint, only public")]
    [InlineData("load-balancer", "one", null, "public", "the catalog has no service of type load-balancer")]
    public async Task A_missing_or_ambiguous_endpoint_names_the_candidates(string service, string? region, string? asked, string face, string? says)
    {
        _cloud.Catalog =
        [
            ScriptedCloud.Service("network", "one", "public", _cloud.Root), ScriptedCloud.Service("network", "two", "public", _cloud.Root),
        ];
        EndpointInterface kind = face == "internal" ? EndpointInterface.Internal : EndpointInterface.Public;
        await using CloudClient client = _cloud.Connect(credentials: _cloud.Credentials with { Region = region, Interface = kind });
        Exception? error = await Record.ExceptionAsync(() => service == "network"
            ? client.Networking(asked).GetPortAsync("x", Ct)
            : client.LoadBalancing(asked).GetLoadBalancerAsync("x", Ct));
        if (says is null)
        {
            error.ShouldBeNull();
            return;
        }

        OpenStackException failure = error.ShouldBeOfType<OpenStackException>();
        (failure.Kind, failure.Service).ShouldBe((OpenStackErrorKind.NoEndpoint, service));
        failure.Message.ShouldContain(says);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_token_without_scope_is_told_from_a_missing_service()
    {
        _cloud.Catalog = [];
        await using CloudClient client = _cloud.Connect();
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().GetPortAsync("x", Ct));
        error.Kind.ShouldBe(OpenStackErrorKind.NoEndpoint);
        error.Message.ShouldContain("give the credentials a project");
    }

    [Fact(Timeout = 20_000)]
    public async Task One_region_needs_no_choice()
    {
        await using CloudClient client = _cloud.Connect(credentials: _cloud.Credentials with { Region = null });
        await client.Networking().GetPortAsync("x", Ct);
        _cloud.ServiceCalls.Count.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task An_override_replaces_the_catalogs_endpoint_also_under_an_alias()
    {
        await using CloudClient client = _cloud.Connect(
            credentials: _cloud.Credentials with { EndpointOverrides = [new("octavia", new(_cloud.Root + "/mine"))] });
        await client.LoadBalancing().GetLoadBalancerAsync("x", Ct);
        _cloud.ServiceCalls.ShouldHaveSingleItem().Path.ShouldBe("/mine/v2.0/lbaas/loadbalancers/x");
    }

    [Fact(Timeout = 20_000)]
    public async Task Octavias_versions_tell_its_features()
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(
            context, 200, """{"versions": [{"id": "v1", "status": "SUPPORTED"}, {"id": "v2.0", "status": "SUPPORTED"}, {"id": "v2.13", "status": "CURRENT"}, {"id": "v2.5", "status": "SUPPORTED"}]}""");
        await using CloudClient client = _cloud.Connect();
        LoadBalancing.LoadBalancerFeatures features = await client.LoadBalancing().GetFeaturesAsync(Ct);
        features.Version.ShouldBe(new(2, 13));
        (features.Tags, features.AllowedCidrs, features.AdditiveMembers, features.AvailabilityZones, features.Sctp, features.AdditionalVips)
            .ShouldBe((true, true, true, false, false, false));
        _cloud.ServiceCalls.ShouldHaveSingleItem().Path.ShouldBe("/load-balancer/");
    }
}
