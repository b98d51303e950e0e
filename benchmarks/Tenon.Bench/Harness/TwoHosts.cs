using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Plugging;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Bench;

/// <summary>
/// Two hosts in namespaces of their own, each with the real Open vSwitch and OVN's controller, under one northbound database and joined by Geneve over a link
/// of 1500 bytes: two hypervisors of a cloud.
/// </summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    /// <summary>What Neutron gives a network of Geneve over 1500 bytes.</summary>
    public const int Mtu = 1442;

    private const string Underlay = "172.31.254", Link = "underlay";
    private readonly OvnNode[] _hosts = [new(), new()];
    private readonly List<PodPlugs> _plugs = [];
    private readonly List<NetworkNamespace> _guests = [];

    private TwoHosts()
    {
    }

    /// <summary>Starts them.</summary>
    /// <exception cref="CaseSkippedException">The machine lacks what they need.</exception>
    public static async Task<TwoHosts> StartAsync()
    {
        var both = new TwoHosts();
        try
        {
            foreach (OvnNode host in both._hosts)
            {
                await host.InitializeAsync();
                host.Require();
            }

            await both.JoinAsync();
            return both;
        }
        catch
        {
            await both.DisposeAsync();
            throw;
        }
    }

    /// <summary>Plugs a guest, a pod or a machine, into the network that both hosts share, as the agent plugs pods.</summary>
    /// <param name="host">The host, 0 or 1.</param>
    public async Task<(NetworkNamespace Namespace, string Address)> AddGuestAsync(int host)
    {
        (string id, string mac, string v4, _) = await _hosts[0].AddPortAsync();
        NetworkNamespace guest = Namespaces.Create();
        _guests.Add(guest);
        var port = new PodPortSpec
        {
            PodUid = Guid.NewGuid().ToString(), Node = $"host-{host}", Network = "default/net", PortId = id, MacAddress = mac, Mtu = Mtu,
            Binding = new() { Type = "ovs" }, Addresses = [new() { Address = $"{v4}/24", Gateway = "10.1.0.1" }],
        };
        using CancellationTokenSource limit = Limits.Bounded();
        await _plugs[host].PlugAsync(new(port, Guid.NewGuid().ToString("N"), guest, "eth0"), limit.Token);
        return (guest, v4);
    }

    /// <summary>Makes a namespace that goes with the hosts.</summary>
    public NetworkNamespace AddNamespace()
    {
        NetworkNamespace made = Namespaces.Create();
        _guests.Add(made);
        return made;
    }

    /// <summary>Runs a program in a namespace; it must succeed.</summary>
    public static Task<string> RunAsync(NetworkNamespace space, params string[] command) => Programs.RunAsync("nsenter", [$"--net={Namespaces.PathOf(space)}", .. command]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (PodPlugs plugs in _plugs) await plugs.DisposeAsync();
        foreach (NetworkNamespace guest in _guests) guest.Dispose();
        foreach (OvnNode host in _hosts.Reverse()) await host.DisposeAsync();
    }

    private async Task JoinAsync()
    {
        await RunAsync(_hosts[0].Host, "ip", "link", "add", Link, "type", "veth", "peer", "name", Link, "netns", Namespaces.PathOf(_hosts[1].Host));
        for (int i = 0; i < _hosts.Length; i++)
        {
            (OvnNode host, string bridge) = (_hosts[i], "br-underlay");
            // The userspace switch takes packets as they are: checksums must be in them.
            await RunAsync(host.Host, "ethtool", "-K", Link, "tx", "off");
            await RunAsync(host.Host, "ip", "link", "set", Link, "up");
            await host.VsctlAsync("add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev", "--", "set-fail-mode", bridge, "standalone", "--", "add-port", bridge, Link);
            await RunAsync(host.Host, "ip", "link", "set", bridge, "up");
            await RunAsync(host.Host, "ip", "addr", "add", $"{Underlay}.{i + 1}/24", "dev", bridge);
            _plugs.Add(new PodPlugs(new(host.Socket), host.Host, TimeProvider.System));
        }

        await _hosts[1].StopControllerAsync();
        await _hosts[1].VsctlAsync("set", "Open_vSwitch", ".", "external-ids:system-id=other", "external-ids:hostname=other", $"external-ids:ovn-remote=unix:{_hosts[0].Socket}", $"external-ids:ovn-encap-ip={Underlay}.2");
        await _hosts[0].VsctlAsync("set", "Open_vSwitch", ".", $"external-ids:ovn-encap-ip={Underlay}.1");
        await _hosts[1].StartControllerAsync();
    }
}
