using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

public sealed class ComputeTests : IAsyncLifetime
{
    private const string Modern = """
        {"servers": [{"id": "s1", "name": "node-1", "status": "ACTIVE", "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:task_state": null, "OS-EXT-STS:power_state": 1,
          "OS-EXT-AZ:availability_zone": "az 1", "flavor": {"original_name": "m1.small", "vcpus": 1, "extra_specs": {}}, "tenant_id": "p", "hostId": "h",
          "addresses": {"z-net": [{"version": 4, "addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"},
                                  {"version": 4, "addr": "203.0.113.9", "OS-EXT-IPS:type": "floating", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01"}],
                        "a-net": [{"version": 6, "addr": "2001:db8::5", "OS-EXT-IPS:type": "fixed"}]},
          "accessIPv4": "", "accessIPv6": "2001:db8::9", "metadata": {"b": "2", "a": "1"}, "tags": ["t"], "created": "2026-01-02T03:04:05Z",
          "security_groups": [{"name": "default"}, {"name": "default"}, {"name": "x"}]},
         {"id": "s2", "status": "UNKNOWN", "tenant_id": "p", "created": "2026-01-02T03:04:05Z"},
         {"id": "s3", "name": "node-3", "status": "ERROR", "fault": {"code": 500, "message": "No valid host was found."}, "addresses": {}}]}
        """;

    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cloud = await ScriptedCloud.StartAsync();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    [Fact(Timeout = 20_000)]
    public async Task A_server_is_read_whole()
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, Modern);
        await using CloudClient client = _cloud.Connect();
        List<Server> servers = await client.Compute().ListServersAsync(new(), Ct).ToListAsync();
        servers[0].ShouldBe(new Server
        {
            Id = "s1",
            Name = "node-1",
            Status = "ACTIVE",
            VmState = "active",
            PowerState = 1,
            AvailabilityZone = "az 1",
            FlavorName = "m1.small",
            ProjectId = "p",
            HostId = "h",
            Addresses =
            [
                new("z-net", "10.0.0.5", 4, "fixed", "fa:16:3e:00:00:01"),
                new("z-net", "203.0.113.9", 4, "floating", "fa:16:3e:00:00:01"),
                new("a-net", "2001:db8::5", 6, "fixed", null),
            ],
            AccessIPv6 = "2001:db8::9",
            Metadata = [new("a", "1"), new("b", "2")],
            Tags = ["t"],
            Created = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            SecurityGroups = ["default", "x"],
        });
        servers[1].ShouldBe(new Server { Id = "s2", Status = "UNKNOWN", ProjectId = "p", Created = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) });
        servers[2].Fault.ShouldBe("No valid host was found.");
        _cloud.ServiceCalls.ShouldHaveSingleItem().Headers["OpenStack-API-Version"].ShouldBe("compute 2.69");
    }

    [Fact(Timeout = 20_000)]
    public async Task An_old_Nova_is_asked_in_its_own_microversion_after_one_refusal()
    {
        _cloud.Script = (request, context) => request switch
        {
            { Path: "/compute/v2.1/" } => ScriptedCloud.Answer(context, 200, """{"version": {"id": "v2.1", "status": "CURRENT", "version": "2.38", "min_version": "2.1"}}"""),
            _ when request.Headers["OpenStack-API-Version"] == "compute 2.38" => ScriptedCloud.Answer(context, 200, """{"servers": [{"id": "s1", "name": "n", "flavor": {"id": "1"}}]}"""),
            _ => ScriptedCloud.Answer(context, 406, """{"computeFault": {"code": 406, "message": "Version 2.69 is not supported by the API. Minimum is 2.1 and maximum is 2.38."}}"""),
        };
        await using CloudClient client = _cloud.Connect();
        Server server = (await client.Compute().ListServersAsync(new(), Ct).ToListAsync()).ShouldHaveSingleItem();
        (server.FlavorId, server.FlavorName).ShouldBe(("1", null));
        await client.Compute().ListServersAsync(new(), Ct).ToListAsync();
        _cloud.ServiceCalls.Count.ShouldBe(4);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.Compute().GetServerAsync("s1", Ct)));
    }

    [Fact(Timeout = 20_000)]
    public async Task Many_first_callers_of_an_old_Nova_all_succeed()
    {
        _cloud.Script = (request, context) => request switch
        {
            { Path: "/compute/v2.1/" } => ScriptedCloud.Answer(context, 200, """{"version": {"id": "v2.1", "version": "2.38", "min_version": "2.1"}}"""),
            _ when request.Headers["OpenStack-API-Version"] == "compute 2.38" => ScriptedCloud.Answer(context, 200, """{"server": {"id": "s1"}}"""),
            _ => ScriptedCloud.Answer(context, 406, ""),
        };
        await using CloudClient client = _cloud.Connect();
        Server?[] servers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => client.Compute().GetServerAsync("s1", Ct)));
        servers.ShouldAllBe(s => s!.Id == "s1");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_service_without_microversions_is_asked_without()
    {
        _cloud.Script = (request, context) => request switch
        {
            { Path: "/compute/v2.1/" } => ScriptedCloud.Answer(context, 200, """{"version": {"id": "v2.0", "version": "", "min_version": ""}}"""),
            _ when !request.Headers.ContainsKey("OpenStack-API-Version") => ScriptedCloud.Answer(context, 200, """{"server": {"id": "s1"}}"""),
            _ => ScriptedCloud.Answer(context, 406, ""),
        };
        await using CloudClient client = _cloud.Connect();
        (await client.Compute().GetServerAsync("s1", Ct))!.Id.ShouldBe("s1");
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Compute().ListServersAsync(new() { Tags = ["x"] }, Ct).ToListAsync());
        error.Kind.ShouldBe(OpenStackErrorKind.NotImplemented);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_service_that_refuses_what_it_announces_is_an_error_and_not_a_loop()
    {
        _cloud.Script = (request, context) => request.Path == "/compute/v2.1/"
            ? ScriptedCloud.Answer(context, 200, """{"version": {"id": "v2.1", "version": "2.93", "min_version": "2.1"}}""")
            : ScriptedCloud.Answer(context, 406, "");
        await using CloudClient client = _cloud.Connect();
        await Should.ThrowAsync<OpenStackException>(() => client.Compute().GetServerAsync("s1", Ct));
        await Should.ThrowAsync<OpenStackException>(() => client.Compute().ListServersAsync(new(), Ct).ToListAsync());
        _cloud.ServiceCalls.Count.ShouldBe(4);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_name_means_exactly_that_name()
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, """{"servers": [{"id": "1", "name": "node.1"}, {"id": "2", "name": "node-1"}, {"id": "3", "name": "node.1x"}]}""");
        await using CloudClient client = _cloud.Connect();
        List<Server> servers = await client.Compute().ListServersAsync(new() { Name = "node.1", Status = "ACTIVE", PageSize = 7 }, Ct).ToListAsync();
        servers.ShouldHaveSingleItem().Id.ShouldBe("1");
        _cloud.ServiceCalls[0].Query.ShouldBe("?name=%5Enode%5C.1%24&status=ACTIVE&limit=7");
    }

    [Fact(Timeout = 20_000)]
    public async Task No_limit_is_sent_unless_asked_for_since_Nova_leaves_out_the_servers_of_a_down_cell_with_one()
    {
        string next = $"{_cloud.Root}/compute/v2.1/servers/detail?marker=1";
        _cloud.Script = (request, context) => ScriptedCloud.Answer(context, 200, request.Query.Contains("marker", StringComparison.Ordinal)
            ? """{"servers": [{"id": "2", "status": "UNKNOWN"}]}"""
            : $$"""{"servers": [{"id": "1", "name": "a", "status": "ACTIVE"}], "servers_links": [{"rel": "next", "href": "{{next}}"}]}""");
        await using CloudClient client = _cloud.Connect();
        List<Server> servers = await client.Compute().ListServersAsync(new(), Ct).ToListAsync();
        servers.Select(s => (s.Id, s.Status)).ShouldBe([("1", ServerStatus.Active), ("2", ServerStatus.Unknown)]);
        _cloud.ServiceCalls.Select(c => c.Query).ShouldBe(["", "?marker=1"]);
    }
}
