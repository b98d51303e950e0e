using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>A server of Nova's, and the network namespace that plays its guest: on the switch of the server's host, with its port's addresses.</summary>
internal sealed class Guest : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly CloudProject _project;
    private GuestProgram? _program;
    private string _prefixLength = "", _gateway = "";
    private bool _plugged;

    private Guest(CloudProject project, string name, string zone) => (_project, Name, Zone) = (project, name, zone);

    /// <summary>The server's name, which is the node's.</summary>
    public string Name { get; }

    /// <summary>Its zone.</summary>
    public string Zone { get; }

    /// <summary>Its server's flavor.</summary>
    public string FlavorName => _project.Cloud.FlavorName;

    public string ServerId { get; private set; } = "";

    public string PortId { get; private set; } = "";

    /// <summary>Its fixed address.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The namespace.</summary>
    public string Namespace => $"{_project.Name}-{Name}";

    private string Mac { get; set; } = "";

    private string Host { get; set; } = "";

    private static string Plug { get; } = Path.Combine(Tool.Repository, "tools", "test-cloud", "plug");

    /// <summary>Builds the server and waits until it is ACTIVE.</summary>
    public static async Task<Guest> CreateAsync(CloudProject project, string name, string zone, string securityGroupId, string networkId)
    {
        var guest = new Guest(project, name, zone);
        Answer port = await project.MakeAsync(CloudKind.Port, new { port = new { name, network_id = networkId, security_groups = new[] { securityGroupId } } });
        Answer subnet = (await project.Member.GetAsync("network", $"/v2.0/subnets/{port["port/fixed_ips/0/subnet_id"]}")).ShouldBe(200);
        (guest._prefixLength, guest._gateway) = (subnet["subnet/cidr"]!.Split('/')[1], subnet["subnet/gateway_ip"]!);
        (guest.PortId, guest.Mac, guest.Address) = (port["port/id"]!, port["port/mac_address"]!, port["port/fixed_ips/0/ip_address"]!);
        Answer server = await project.MakeAsync(CloudKind.Server, new
        {
            server = new
            {
                name,
                flavorRef = project.Cloud.FlavorId,
                imageRef = project.Cloud.ImageId,
                availability_zone = zone,
                networks = new[] { new { port = guest.PortId } },
            },
        });
        guest.ServerId = server["server/id"]!;
        await guest.UntilServerAsync("ACTIVE");
        guest.Host = (await project.Cloud.Admin.GetAsync("compute", $"/servers/{guest.ServerId}")).ShouldBe(200)["server/OS-EXT-SRV-ATTR:host"]!;
        return guest;
    }

    /// <summary>Connects the namespace to the switch and waits until Neutron has seen it.</summary>
    public async Task PlugAsync()
    {
        _plugged = true;
        (await Tool.RunAsync(Plug, [Host, Namespace, PortId, Mac, $"{Address}/{_prefixLength}", _gateway])).ShouldEndWith(0);
        _program = GuestProgram.Start(Namespace, Name);
        Answer? port = null;
        await Eventually.UntilAsync($"the port of {Name} is ACTIVE", Limit, async () =>
        {
            port = await _project.Member.GetAsync("network", $"/v2.0/ports/{PortId}");
            return port["port/status"] == "ACTIVE";
        }, () => port?.Text ?? "");
    }

    /// <summary>Has the guest answer HTTP requests at a port with its name and the client's address.</summary>
    public Task ServeHttpAsync(int port, int status = 200) => _program!.TellAsync($"http {port} {status}");

    /// <summary>Has the guest answer datagrams at a port with its name and the client's address.</summary>
    public Task ServeUdpAsync(int port) => _program!.TellAsync($"udp {port}");

    /// <summary>Ends <see cref="ServeHttpAsync"/> (<c>http</c>) or <see cref="ServeUdpAsync"/> (<c>udp</c>).</summary>
    public Task CloseAsync(string protocol, int port) => _program!.TellAsync($"close {protocol} {port}");

    /// <summary>Gives its program an order (<c>guest.py</c>).</summary>
    public Task TellAsync(string order) => _program!.TellAsync(order);

    /// <summary>Tries targets, <c>PROTOCOL/ADDRESS/PORT</c> each, and returns a 1 or 0 for each.</summary>
    public Task<string> ProbeAsync(IEnumerable<string> targets) => _program!.AskAsync($"probe {string.Join(' ', targets)}");

    /// <summary>Runs a program as the guest, whatever it ends with.</summary>
    public Task<Ended> RunAsync(params string[] command) => Tool.RunAsync("ip", ["netns", "exec", Namespace, .. command]);

    /// <summary>What an HTTP server answers the guest; <c>null</c> when it does not within a second.</summary>
    public async Task<string?> FetchAsync(string address, int port)
        => await RunAsync("curl", "--silent", "--fail", "--max-time", "1", $"http://{address}:{port}/") is { Code: 0 } ended ? ended.Output : null;

    /// <summary>Asks Nova for an action and waits for the status that comes of it.</summary>
    public async Task ActAsync(object action, string status)
    {
        (await _project.Member.PostAsync("compute", $"/servers/{ServerId}/action", action)).ShouldBe(202);
        await UntilServerAsync(status);
    }

    /// <summary>Deletes the server and its port, and unplugs the guest.</summary>
    public async Task DeleteAsync()
    {
        (await _project.Member.DeleteAsync("compute", $"/servers/{ServerId}")).ShouldBe(204);
        await Eventually.UntilAsync($"server {Name} is gone", Limit, async () => (await _project.Member.GetAsync("compute", $"/servers/{ServerId}")).Status == 404);
        await DisposeAsync();
        (await _project.Member.DeleteAsync("network", $"/v2.0/ports/{PortId}")).Status.ShouldBeOneOf(204, 404);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_program is not null) await _program.DisposeAsync();
        _program = null;
        if (!_plugged) return;
        _plugged = false;
        (await Tool.RunAsync(Plug, ["-d", Host, Namespace, PortId])).ShouldEndWith(0);
        (await Tool.RunAsync("ip", ["netns", "delete", Namespace])).ShouldEndWith(0);
    }

    private async Task UntilServerAsync(string status)
    {
        Answer? server = null;
        await Eventually.UntilAsync($"server {Name} is {status}", Limit, async () =>
        {
            server = await _project.Member.GetAsync("compute", $"/servers/{ServerId}");
            server["server/status"].ShouldNotBe("ERROR", server.Text);
            return server["server/status"] == status && server.At("server/OS-EXT-STS:task_state") is null;
        }, () => server?.Text ?? "");
    }
}
