using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;

namespace Tenon.Nodes.Plugging;

/// <summary>How a node's switch is reached.</summary>
/// <param name="DatabaseSocket">The socket of Open vSwitch's database.</param>
/// <param name="IntegrationBridge">The bridge of OVN's interfaces.</param>
/// <param name="TrunkBridge">The bridge that carries the node's trunk where the kernel has no VLAN interfaces; <see langword="null"/> is none.</param>
/// <param name="OvnFolder">Where OVN's controller has its control socket; <see langword="null"/> is not known.</param>
/// <param name="NamespaceFolder">Where the container runtime has the containers' network namespaces.</param>
internal sealed record PlugOptions(
    string DatabaseSocket, string IntegrationBridge = "br-int", string? TrunkBridge = null, string? OvnFolder = null, string NamespaceFolder = "/run/netns");

/// <summary>A pod to be plugged.</summary>
/// <param name="Port">Its port.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="Namespace">The container's network namespace.</param>
/// <param name="InterfaceName">The name of the interface in it.</param>
internal sealed record PlugRequest(PodPortSpec Port, string ContainerId, NetworkNamespace Namespace, string InterfaceName);

/// <summary>
/// Plugs pods into their networks and takes them out again. What is plugged is written where it is: the aliases of both ends of a pair and the external
/// IDs of the switch's interface name the container, so that nothing is left behind whatever was forgotten.
/// </summary>
/// <param name="options">How the switch is reached.</param>
/// <param name="host">The namespace of the node.</param>
/// <param name="time">The clock.</param>
internal sealed class PodPlugs(PlugOptions options, NetworkNamespace host, TimeProvider time) : IAsyncDisposable
{
    private const string AliasPrefix = "tenon ";
    private const string UserspaceDatapath = "netdev";
    private static readonly TimeSpan Reconnect = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly SwitchHealth _health = new(options, time);
    private Vswitch? _switch;
    private volatile bool _hasConnected;

    /// <summary>Plugs a pod and returns the node's end of its interface once packets flow; <see langword="null"/> where there is no such end.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    /// <exception cref="OvsdbException">The switch refused.</exception>
    public async Task<string?> PlugAsync(PlugRequest request, CancellationToken cancellationToken)
    {
        PodPortSpec port = request.Port;
        if (port.Binding.Type == "vlan" && TryPlugVlan(request)) return null;
        (string bridge, int? tag) = PlaceOf(port);
        string near = HostName(port.PortId);
        bool made = false;
        while (true)
        {
            try
            {
                Vswitch vswitch = await SwitchAsync(cancellationToken);
                if (!made)
                {
                    string datapath = await InTimeAsync(AnswerLimit, stop => vswitch.DatapathAsync(bridge, stop), cancellationToken) ?? throw new OvsdbException($"Open vSwitch has no bridge {bridge}");
                    MakePair(request, near, withoutOffload: datapath == UserspaceDatapath);
                    made = true;
                }

                string row = await InTimeAsync(AnswerLimit, stop => vswitch.AddAsync(bridge, near, ExternalIds(port, request.ContainerId, tag), tag, stop), cancellationToken);
                await vswitch.UntilReadyAsync(row, cancellationToken);
                return near;
            }
            catch (OvsdbException e) when (e.IsDisconnected)
            {
                // The switch's database is being restarted, or does not answer; what was written to it may or may not be there.
                await Task.Delay(Reconnect, time, cancellationToken);
            }
        }
    }

    /// <summary>Gives the switch back the interface of a plugged container, if it has lost it and the node's end is there; returns whether it did.</summary>
    /// <exception cref="OvsdbException">The switch refused or cannot be reached.</exception>
    public async Task<bool> RestoreAsync(PodPortSpec port, string containerId, CancellationToken cancellationToken)
    {
        Vswitch vswitch = await SwitchAsync(cancellationToken);
        if (vswitch.Interfaces.Any(i => i.ExternalIds.GetValueOrDefault(Vswitch.Owner) == containerId)) return false;
        string near = HostName(port.PortId);
        using (NetlinkSocket socket = NetlinkSocket.Open(host))
        {
            // A pair that is gone went with the pod's namespace: its DEL is on the way.
            if (Links.Find(socket, near)?.Alias != AliasPrefix + containerId) return false;
        }

        (string bridge, int? tag) = PlaceOf(port);
        await InTimeAsync(AnswerLimit, stop => vswitch.AddAsync(bridge, near, ExternalIds(port, containerId, tag), tag, stop), cancellationToken);
        return true;
    }

    /// <summary>Takes a container's interface away; what is gone already does no harm.</summary>
    /// <param name="attachment">The container, and what is known of its interface.</param>
    /// <param name="space">Its network namespace; <see langword="null"/> where it is gone, and with it what was inside.</param>
    /// <param name="cancellationToken">Ends the wait for the switch.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    /// <exception cref="OvsdbException">The switch refused or cannot be reached; something may be left in it.</exception>
    public async Task UnplugAsync(Attachment attachment, NetworkNamespace? space, CancellationToken cancellationToken)
    {
        string alias = AliasPrefix + attachment.ContainerId;
        host.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            foreach (Link link in Links.List(socket).Where(l => l.Alias == alias)) Links.Delete(socket, link.Name);
        });
        if (space is not null && attachment.InterfaceName.Length > 0) PodInterface.Remove(space, attachment.InterfaceName, alias, attachment.MacAddress);
        // A node may have no switch at all; one whose socket is away for a moment still holds what it was given.
        if (!HasSwitch && attachment.HostInterface is null && !_hasConnected) return;
        Vswitch vswitch = await SwitchAsync(cancellationToken);
        await InTimeAsync(AnswerLimit, async stop =>
        {
            await vswitch.RemoveOfAsync(attachment.ContainerId, stop);
            return true;
        }, cancellationToken);
    }

    /// <summary>Whether the node's end of a container's pair is there.</summary>
    public bool HasPair(string containerId)
    {
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        return Links.List(socket).Any(l => l.Alias == AliasPrefix + containerId);
    }

    /// <summary>The path of the namespace that holds a container's interface, looked for where the runtime has its namespaces; <see langword="null"/> where none does.</summary>
    public string? FindNamespace(string containerId)
    {
        if (!Directory.Exists(options.NamespaceFolder)) return null;
        foreach (string path in Directory.EnumerateFileSystemEntries(options.NamespaceFolder))
        {
            using NetworkNamespace? space = NetworkNamespace.TryOpen(path);
            if (space is not null && PodInterface.Has(space, AliasPrefix + containerId)) return path;
        }

        return null;
    }

    /// <summary>Deletes the node's end of a port's pair where nothing marks it: a crash between making and marking it leaves such a one.</summary>
    public void RemoveUnmarked(string portId)
    {
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        if (Links.Find(socket, HostName(portId)) is { Alias.Length: 0 } link) Links.Delete(socket, link.Name);
    }

    /// <summary>The containers that have something plugged on this node, whoever remembers them.</summary>
    public async Task<IReadOnlySet<string>> ContainersAsync(CancellationToken cancellationToken)
    {
        HashSet<string> containers;
        using (NetlinkSocket socket = NetlinkSocket.Open(host))
            containers = [.. Links.List(socket).Where(l => l.Alias.StartsWith(AliasPrefix, StringComparison.Ordinal)).Select(l => l.Alias[AliasPrefix.Length..])];
        if (HasSwitch) containers.UnionWith((await SwitchAsync(cancellationToken)).Interfaces.Select(i => i.ExternalIds.GetValueOrDefault(Vswitch.Owner)).OfType<string>());
        return containers;
    }

    /// <summary>What of a pod's interface is not as ADD left it.</summary>
    public async Task<IReadOnlyList<string>> DifferencesAsync(PlugRequest request, CancellationToken cancellationToken)
    {
        var differences = new List<string>(PodInterface.Differences(request.Namespace, request.InterfaceName, request.Port));
        string near = HostName(request.Port.PortId);
        using (NetlinkSocket socket = NetlinkSocket.Open(host))
        {
            Link? link = Links.Find(socket, near);
            bool kernelVlan = link is null && request.Port.Binding.Type == "vlan" && Links.HasVlans(socket);
            if (kernelVlan) return differences;
            if (link is null) differences.Add($"interface {near} of the node is gone");
            else if (!link.IsUp) differences.Add($"interface {near} of the node is down");
        }

        VswitchInterface? there = (await SwitchAsync(cancellationToken)).Interfaces.FirstOrDefault(i => i.ExternalIds.GetValueOrDefault(Vswitch.Owner) == request.ContainerId);
        if (there is null) differences.Add($"Open vSwitch has no interface for the container; {near} is not in its database");
        else if (!there.IsReady) differences.Add($"interface {near} carries no packets: Open vSwitch or OVN has not taken it{(there.Error is null ? "" : $" ({there.Error})")}");
        return differences;
    }

    /// <summary>Why pods cannot be plugged on this node now; <see langword="null"/> when they can.</summary>
    public async Task<string?> WhyNotReadyAsync(CancellationToken cancellationToken)
    {
        using (NetlinkSocket socket = NetlinkSocket.Open(host))
        {
            if (!HasSwitch && options.TrunkBridge is null && Links.HasVlans(socket)) return null;
        }

        if (!HasSwitch) return $"Open vSwitch does not run: there is no {options.DatabaseSocket}, and no VLAN interfaces in the kernel to do without";
        try
        {
            string bridge = options.TrunkBridge ?? options.IntegrationBridge;
            Vswitch vswitch = await SwitchAsync(cancellationToken);
            return await InTimeAsync(ConnectLimit, async stop => await vswitch.DatapathAsync(bridge, stop) is null ? $"Open vSwitch has no bridge {bridge}"
                : _health.WhyNot(await vswitch.ProgressAsync(stop)), cancellationToken);
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
    internal static string HostName(string portId) => HostPrefix + Guid.Parse(portId).ToString("N")[..13];

    private const string HostPrefix = "tn";

    private bool HasSwitch => File.Exists(options.DatabaseSocket);

    private (string Bridge, int? Tag) PlaceOf(PodPortSpec port) => port.Binding.Type == "ovs"
        ? (options.IntegrationBridge, null)
        : (options.TrunkBridge ?? throw new OvsdbException("the kernel has no VLAN interfaces and no bridge carries the trunk; name one with --trunk-bridge"), port.Binding.VlanId);

    private static Dictionary<string, string> ExternalIds(PodPortSpec port, string containerId, int? tag)
    {
        var ids = new Dictionary<string, string> { [Vswitch.Owner] = containerId, ["attached-mac"] = port.MacAddress };
        if (tag is null) (ids[Vswitch.InterfaceId], ids["iface-status"]) = (port.PortId, "active");
        return ids;
    }

    private void MakePair(PlugRequest request, string near, bool withoutOffload)
    {
        string alias = AliasPrefix + request.ContainerId;
        host.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            // One port is in one place: an earlier container of the pod has lost it.
            Links.Delete(socket, near);
            Links.CreateVeth(socket, new(near), new(request.InterfaceName, request.Port.MacAddress, request.Namespace), request.Port.Mtu);
            if (withoutOffload) Offloads.TurnOff(near);
            Links.SetUp(socket, Links.Find(socket, near) ?? throw new NetlinkException($"find interface {near}", NetlinkException.NoDevice), alias);
        });
        PodInterface.Configure(request.Namespace, request.InterfaceName, request.Port, alias, withoutOffload);
    }

    /// <summary>Makes a VLAN interface where the kernel has them.</summary>
    private bool TryPlugVlan(PlugRequest request)
    {
        PodPortSpec port = request.Port;
        using (NetlinkSocket socket = NetlinkSocket.Open(host))
        {
            if (!Links.HasVlans(socket)) return false;
            // A bridge takes the address of its hardware, and a VLAN interface that of its parent.
            Link parent = Links.List(socket).Where(l => l.MacAddress == port.Binding.ParentMacAddress).OrderBy(l => l.Kind is "vlan" or "bridge" ? 1 : 0).FirstOrDefault()
                ?? throw new NetlinkException($"find the trunk's interface, with the hardware address {port.Binding.ParentMacAddress ?? "that spec.binding.parentMacAddress lacks"}", NetlinkException.NoDevice);
            Links.CreateVlan(socket, parent, port.Binding.VlanId ?? 0, new(request.InterfaceName, port.MacAddress, request.Namespace), port.Mtu);
        }

        PodInterface.Configure(request.Namespace, request.InterfaceName, port, AliasPrefix + request.ContainerId, withoutOffload: false);
        return true;
    }

    /// <summary>The connection to the switch, made anew where the last one has ended. Waiting for others who make it counts: a server that is stuck holds each up but once.</summary>
    private Task<Vswitch> SwitchAsync(CancellationToken cancellationToken) => InTimeAsync(ConnectLimit, async stop =>
    {
        await _connecting.WaitAsync(stop);
        try
        {
            if (_switch is { Ended.IsCompleted: true })
            {
                await _switch.DisposeAsync();
                _switch = null;
            }

            _switch ??= await Vswitch.ConnectAsync(options.DatabaseSocket, stop);
            _hasConnected = true;
            return _switch;
        }
        finally
        {
            _connecting.Release();
        }
    }, cancellationToken);

    private async Task<T> InTimeAsync<T>(TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new OvsdbException($"Open vSwitch's database at {options.DatabaseSocket} does not answer within {limit.TotalSeconds:0} s", e) { IsDisconnected = true };
        }
    }
}
