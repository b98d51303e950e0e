using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>A second client on the external network, with an address of its own: a namespace on a port that the administrator made there.</summary>
internal sealed class Outsider : IAsyncDisposable
{
    private const string Host = "compute1";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly string Plug = Path.Combine(Tool.Repository, "tools", "test-cloud", "plug");
    private readonly TestCloud _cloud;
    private readonly string _namespace;
    private readonly string _portId;
    private GuestProgram? _program;

    private Outsider(TestCloud cloud, string @namespace, string portId, string address) => (_cloud, _namespace, _portId, Address) = (cloud, @namespace, portId, address);

    /// <summary>Its address.</summary>
    public string Address { get; }

    /// <summary>Makes it, and waits until its packets flow.</summary>
    public static async Task<Outsider> CreateAsync(CloudProject project)
    {
        Answer port = (await project.Cloud.Admin.PostAsync("network", "/v2.0/ports", new
        {
            port = new Dictionary<string, string> { ["name"] = project.Name, ["network_id"] = project.Cloud.ExternalNetworkId, ["binding:host_id"] = Host },
        })).ShouldBe(201);
        var outsider = new Outsider(project.Cloud, $"{project.Name}-outsider", port["port/id"]!, port["port/fixed_ips/0/ip_address"]!);
        try
        {
            (await Tool.RunAsync(Plug, [Host, outsider._namespace, outsider._portId, port["port/mac_address"]!, $"{outsider.Address}/24", TestCloud.HostAddress])).ShouldEndWith(0);
            await outsider.UntilConnectedAsync();
            return outsider;
        }
        catch
        {
            await outsider.DisposeAsync();
            throw;
        }
    }

    /// <summary>What an HTTP server answers it; <c>null</c> when it does not within a second.</summary>
    public async Task<string?> FetchAsync(string address, int port)
        => await Tool.RunAsync("ip", ["netns", "exec", _namespace, "curl", "--silent", "--fail", "--max-time", "1", $"http://{address}:{port}/"]) is { Code: 0 } ended ? ended.Output : null;

    /// <summary>Sends what goes to a range to a router of the external network, as who knows the range would try.</summary>
    public async Task RouteAsync(string range, string router)
        => (await Tool.RunAsync("ip", ["-n", _namespace, "route", "add", range, "via", router])).ShouldEndWith(0);

    /// <summary>Tries targets, <c>PROTOCOL/ADDRESS/PORT</c> each, and returns a 1 or 0 for each.</summary>
    public async Task<string> ProbeAsync(IEnumerable<string> targets)
    {
        _program ??= GuestProgram.Start(_namespace, "outsider");
        return await _program.AskAsync($"probe {string.Join(' ', targets)}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_program is not null) await _program.DisposeAsync();
        await Tool.RunAsync(Plug, ["-d", Host, _namespace, _portId]);
        await Tool.RunAsync("ip", ["netns", "delete", _namespace]);
        (await _cloud.Admin.DeleteAsync("network", $"/v2.0/ports/{_portId}")).ShouldBe(204);
    }

    private async Task UntilConnectedAsync()
    {
        Answer? port = null;
        await Eventually.UntilAsync("the outsider's port is ACTIVE", Limit, async () =>
        {
            port = await _cloud.Admin.GetAsync("network", $"/v2.0/ports/{_portId}");
            return port["port/status"] == "ACTIVE";
        }, () => port?.Text ?? "");
        Ended? ping = null;
        await Eventually.UntilAsync("the outsider reaches the external gateway", Limit, async () =>
        {
            ping = await Tool.RunAsync("ip", ["netns", "exec", _namespace, "ping", "-q", "-c", "1", "-W", "2", TestCloud.HostAddress]);
            return ping.Code == 0;
        }, () => $"{ping}");
    }
}
