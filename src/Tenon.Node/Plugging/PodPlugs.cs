using Tenon.Network.Contracts;
using Tenon.Node.Netlink;
using Tenon.Node.Ovsdb;

namespace Tenon.Node.Plugging;

/// <summary>How a node's switch is reached.</summary>
/// <param name="DatabaseSocket">The socket of Open vSwitch's database.</param>
/// <param name="IntegrationBridge">The bridge of OVN's interfaces.</param>
/// <param name="TrunkBridge">The bridge that carries the node's trunk where the kernel has no VLAN interfaces; <see langword="null"/> is none.</param>
internal sealed record PlugOptions(string DatabaseSocket, string IntegrationBridge = "br-int", string? TrunkBridge = null);

/// <summary>A pod to be plugged.</summary>
/// <param name="Port">Its port.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="Namespace">The container's network namespace.</param>
/// <param name="InterfaceName">The name of the interface in it.</param>
internal sealed record PlugRequest(PodPortSpec Port, string ContainerId, NetworkNamespace Namespace, string InterfaceName);

/// <summary>
/// Plugs pods into their networks and takes them out again. What is plugged is written where it is: the alias of the node's end of a pair and the external
/// IDs of the switch's interface name the container, so that nothing is left behind whatever was forgotten.
/// </summary>
internal sealed class PodPlugs(PlugOptions options) : IAsyncDisposable
{
    private const string AliasPrefix = "tenon ";
    private readonly SemaphoreSlim _connecting = new(1);
    private Vswitch? _switch;

    /// <summary>Plugs a pod and returns the node's end of its interface once packets flow; <see langword="null"/> where there is no such end.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    /// <exception cref="OvsdbException">The switch refused.</exception>
    public async Task<string?> PlugAsync(PlugRequest request, CancellationToken cancellationToken)
    {
        PodPortSpec port = request.Port;
        if (port.Binding.Type == "vlan" && TryPlugVlan(request)) return null;
        (string bridge, int? tag) = port.Binding.Type == "ovs"
            ? (options.IntegrationBridge, (int?)null)
            : (options.TrunkBridge ?? throw new OvsdbException("the kernel has no VLAN interfaces and no bridge carries the trunk; name one with --trunk-bridge"), port.Binding.VlanId);
        string near = HostName(port.PortId);
        using (NetlinkSocket socket = NetlinkSocket.Open())
        {
            Links.Delete(socket, near);
            Links.CreateVeth(socket, new(near, Alias: AliasPrefix + request.ContainerId), new(request.InterfaceName, port.MacAddress, request.Namespace), port.Mtu);
            Offloads.TurnOff(near);
            Links.SetUp(socket, Links.Find(socket, near)!.Index);
        }

        PodInterface.Configure(request.Namespace, request.InterfaceName, port, withoutOffload: true);
        var ids = new Dictionary<string, string> { [Vswitch.Owner] = request.ContainerId, ["attached-mac"] = port.MacAddress };
        if (tag is null) (ids[Vswitch.InterfaceId], ids["iface-status"]) = (port.PortId, "active");
        Vswitch vswitch = await SwitchAsync(cancellationToken);
        await vswitch.AddAsync(bridge, near, ids, tag, cancellationToken);
        await vswitch.UntilReadyAsync(near, cancellationToken);
        return near;
    }

    /// <summary>Takes a container's interface away; what is gone already does no harm.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="space">Its network namespace; <see langword="null"/> where it is gone, and with it what was inside.</param>
    /// <param name="interfaceName">The name of the interface in it.</param>
    /// <param name="cancellationToken">Ends the wait for the switch.</param>
    public async Task UnplugAsync(string containerId, NetworkNamespace? space, string interfaceName, CancellationToken cancellationToken)
    {
        if (File.Exists(options.DatabaseSocket))
        {
            Vswitch vswitch = await SwitchAsync(cancellationToken);
            foreach (string name in vswitch.Interfaces.Where(i => i.ExternalIds.GetValueOrDefault(Vswitch.Owner) == containerId).Select(i => i.Name).ToArray())
                await vswitch.RemoveAsync(name, cancellationToken);
        }

        using (NetlinkSocket socket = NetlinkSocket.Open())
            foreach (Link link in Links.List(socket).Where(l => l.Alias == AliasPrefix + containerId)) Links.Delete(socket, link.Name);
        space?.Run(() =>
        {
            using NetlinkSocket inside = NetlinkSocket.Open();
            Links.Delete(inside, interfaceName);
            return true;
        });
    }

    /// <summary>The containers that have something plugged on this node, whoever remembers them.</summary>
    public async Task<IReadOnlySet<string>> ContainersAsync(CancellationToken cancellationToken)
    {
        HashSet<string> containers;
        using (NetlinkSocket socket = NetlinkSocket.Open())
            containers = [.. Links.List(socket).Where(l => l.Alias.StartsWith(AliasPrefix, StringComparison.Ordinal)).Select(l => l.Alias[AliasPrefix.Length..])];
        if (File.Exists(options.DatabaseSocket))
            containers.UnionWith((await SwitchAsync(cancellationToken)).Interfaces.Select(i => i.ExternalIds.GetValueOrDefault(Vswitch.Owner)).OfType<string>());
        return containers;
    }

    /// <summary>What of a pod's interface is not as ADD left it.</summary>
    public async Task<IReadOnlyList<string>> DifferencesAsync(PlugRequest request, CancellationToken cancellationToken)
    {
        var differences = new List<string>(PodInterface.Differences(request.Namespace, request.InterfaceName, request.Port));
        if (request.Port.Binding.Type != "ovs") return differences;
        Vswitch vswitch = await SwitchAsync(cancellationToken);
        if (!vswitch.Interfaces.Any(i => i.ExternalIds.GetValueOrDefault(Vswitch.InterfaceId) == request.Port.PortId))
            differences.Add($"the switch has no interface for port {request.Port.PortId}");
        return differences;
    }

    /// <summary>Why pods cannot be plugged on this node now; <see langword="null"/> when they can.</summary>
    public async Task<string?> WhyNotReadyAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(options.DatabaseSocket)) return options.TrunkBridge is null ? null : $"Open vSwitch does not run: there is no {options.DatabaseSocket}";
        try
        {
            string bridge = options.TrunkBridge ?? options.IntegrationBridge;
            return await (await SwitchAsync(cancellationToken)).HasBridgeAsync(bridge, cancellationToken) ? null : $"Open vSwitch has no bridge {bridge}";
        }
        catch (OvsdbException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_switch is not null) await _switch.DisposeAsync();
        _connecting.Dispose();
    }

    /// <summary>The name of the node's end: within the kernel's 15 characters, and the port's as nobody else has it.</summary>
    internal static string HostName(string portId) => "tn" + portId.Replace("-", "", StringComparison.Ordinal)[..13];

    /// <summary>Makes a VLAN interface where the kernel has them.</summary>
    private static bool TryPlugVlan(PlugRequest request)
    {
        PodPortSpec port = request.Port;
        using NetlinkSocket socket = NetlinkSocket.Open();
        Link parent = Links.List(socket).FirstOrDefault(l => l.MacAddress == port.Binding.ParentMacAddress)
            ?? throw new NetlinkException($"find the trunk's interface, with the hardware address {port.Binding.ParentMacAddress}", NetlinkException.NoDevice);
        try
        {
            Links.CreateVlan(socket, parent, port.Binding.VlanId ?? 0, new(request.InterfaceName, port.MacAddress, request.Namespace), port.Mtu);
        }
        catch (NetlinkException e) when (e.Error == NetlinkException.NotSupported)
        {
            return false;
        }

        PodInterface.Configure(request.Namespace, request.InterfaceName, port, withoutOffload: false);
        return true;
    }

    /// <summary>The connection to the switch, made anew where the last one has ended.</summary>
    private async Task<Vswitch> SwitchAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            if (_switch is { Ended.IsCompleted: true })
            {
                await _switch.DisposeAsync();
                _switch = null;
            }

            return _switch ??= await Vswitch.ConnectAsync(options.DatabaseSocket, cancellationToken);
        }
        finally
        {
            _connecting.Release();
        }
    }
}
