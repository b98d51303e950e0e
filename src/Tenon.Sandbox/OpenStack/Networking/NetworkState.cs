using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>Everything that Neutron knows of one region. Guarded by the region's gate.</summary>
internal sealed class NetworkState(RegionContext context)
{
    private static readonly (string Direction, string EtherType)[] DefaultRules =
        [("ingress", "IPv4"), ("egress", "IPv4"), ("ingress", "IPv6"), ("egress", "IPv6")];

    private readonly Dictionary<string, SecurityGroup> _defaultGroups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Port>> _portsByDevice = new(StringComparer.Ordinal);
    private int _standardAttributes = 100;
    private uint _macs = (uint)context.Index << 20;

    public RegionContext Context => context;

    public DateTimeOffset Now => context.Now;

    /// <summary>The hosts that ports can be bound to: those on which a controller runs.</summary>
    public IReadOnlyList<string> Hosts => context.Hosts;

    public ResourceTable<Network> Networks { get; } = new();

    public ResourceTable<Subnet> Subnets { get; } = new();

    public ResourceTable<Port> Ports { get; } = new();

    public ResourceTable<Router> Routers { get; } = new();

    public ResourceTable<FloatingIp> FloatingIps { get; } = new();

    public ResourceTable<SecurityGroup> Groups { get; } = new();

    public ResourceTable<SecurityGroupRule> Rules { get; } = new();

    public ResourceTable<Trunk> Trunks { get; } = new();

    public ResourceTable<SubnetPool> SubnetPools { get; } = new();

    public ResourceTable<AddressScope> AddressScopes { get; } = new();

    public ResourceTable<AddressGroup> AddressGroups { get; } = new();

    public QuotaBook Quotas { get; } = new();

    /// <summary>Whether the asker sees a network: his own, a shared or an external one.</summary>
    public static bool Sees(TokenInfo token, Network network) => network.Shared || network.External || token.MaySee(network.ProjectId);

    /// <summary>Whether the asker sees a subnet: his own, or one of a shared network. Those of external networks stay hidden.</summary>
    public static bool Sees(TokenInfo token, Subnet subnet)
        => subnet.Network.Shared || token.MaySee(subnet.ProjectId) || token.Owns(subnet.Network.ProjectId);

    /// <summary>Whether the asker sees a port: his own, or one on his own network.</summary>
    public static bool Sees(TokenInfo token, Port port) => token.MaySee(port.ProjectId) || token.Owns(port.Network.ProjectId);

    /// <summary>A network that the asker sees.</summary>
    /// <exception cref="ApiFault">There is none (404).</exception>
    public Network NetworkFor(TokenInfo token, string id)
        => Networks.TryGet(id, out Network? network) && Sees(token, network) ? network : throw Faults.NetworkNotFound(id);

    /// <summary>A subnet that the asker sees.</summary>
    /// <exception cref="ApiFault">There is none (404).</exception>
    public Subnet SubnetFor(TokenInfo token, string id)
        => Subnets.TryGet(id, out Subnet? subnet) && Sees(token, subnet) ? subnet : throw Faults.SubnetNotFound(id);

    /// <summary>A port that the asker sees.</summary>
    /// <exception cref="ApiFault">There is none (404).</exception>
    public Port PortFor(TokenInfo token, string id)
        => Ports.TryGet(id, out Port? port) && Sees(token, port) ? port : throw Faults.PortNotFound(id);

    /// <summary>The ports with this device_id, oldest first.</summary>
    public IReadOnlyList<Port> PortsOf(string deviceId) => _portsByDevice.TryGetValue(deviceId, out List<Port>? ports) ? ports : [];

    public void Add(Port port)
    {
        Ports.Add(port.Id, port);
        port.Network.Ports.Add(port);
        port.Network.Macs.Add(port.Mac);
        Index(port);
    }

    public void Remove(Port port)
    {
        Ports.Remove(port.Id);
        port.Network.Ports.Remove(port);
        port.Network.Macs.Remove(port.Mac);
        Unindex(port);
        foreach (FixedIp address in port.FixedIps) address.Subnet.Ledger.Release(address.Address);
    }

    /// <summary>Changes what a port is attached to.</summary>
    public void Attach(Port port, string deviceId, string deviceOwner)
    {
        Unindex(port);
        port.DeviceId = deviceId;
        port.DeviceOwner = deviceOwner;
        Index(port);
    }

    /// <summary>The address scope of a network's subnets of a version, by their pool.</summary>
    public static string? ScopeOf(Network network, int version)
    {
        foreach (Subnet subnet in network.Subnets)
        {
            if (subnet.Cidr.Version == version && subnet.Pool?.AddressScopeId is { } scope) return scope;
        }

        return null;
    }

    /// <summary>A MAC address that the network does not have yet.</summary>
    public string NewMac(Network network)
    {
        string mac;
        do
        {
            uint next = ++_macs;
            mac = $"fa:16:3e:{(next >> 16) & 0xff:x2}:{(next >> 8) & 0xff:x2}:{next & 0xff:x2}";
        }
        while (network.Macs.Contains(mac));
        return mac;
    }

    /// <summary>The number that Neutron's database would give the next row.</summary>
    public int NextStandardAttribute() => ++_standardAttributes;

    /// <summary>The default group of a project, made when it is first needed, as in Neutron.</summary>
    public SecurityGroup DefaultGroup(string projectId)
    {
        if (_defaultGroups.TryGetValue(projectId, out SecurityGroup? group)) return group;
        group = NewGroup(projectId, "default", "Default security group", isDefault: true);
        foreach ((string direction, string type) in DefaultRules)
            AddRule(group, direction, type, remoteGroup: direction == "ingress" ? group.Id : null);
        _defaultGroups[projectId] = group;
        return group;
    }

    /// <summary>A group without rules.</summary>
    public SecurityGroup NewGroup(string projectId, string name, string description, bool isDefault)
    {
        NextStandardAttribute();
        var group = new SecurityGroup
        {
            Id = Text.NewUuid(), ProjectId = projectId, Name = name, Description = description, IsDefault = isDefault, CreatedAt = Now,
        };
        group.Born(Now, 1);
        Groups.Add(group.Id, group);
        return group;
    }

    /// <summary>Removes a group; a default one is made anew when it is needed.</summary>
    public void Remove(SecurityGroup group)
    {
        Groups.Remove(group.Id);
        if (group.IsDefault) _defaultGroups.Remove(group.ProjectId);
    }

    /// <summary>One of the rules that come with a group.</summary>
    public void AddRule(SecurityGroup group, string direction, string etherType, string? remoteGroup)
    {
        var rule = new SecurityGroupRule
        {
            Id = Text.NewUuid(), ProjectId = group.ProjectId, Group = group, Direction = direction, EtherType = etherType, RemoteGroupId = remoteGroup,
            NoDescription = true, CreatedAt = Now, StandardAttributeId = NextStandardAttribute(),
        };
        rule.Born(Now, 0);
        Rules.Add(rule.Id, rule);
        group.Rules.Add(rule);
    }

    /// <summary>Takes an address on a subnet, whoever wants it.</summary>
    /// <exception cref="ApiFault">It is taken (409).</exception>
    public static void Take(Subnet subnet, Ip address)
    {
        if (subnet.Ledger.Take(address)) return;
        throw Faults.Conflict("IpAddressAlreadyAllocated", $"IP address {address} already allocated in subnet {subnet.Id}");
    }

    private void Index(Port port)
    {
        if (port.DeviceId.Length == 0) return;
        if (!_portsByDevice.TryGetValue(port.DeviceId, out List<Port>? ports)) _portsByDevice[port.DeviceId] = ports = [];
        ports.Add(port);
    }

    private void Unindex(Port port)
    {
        if (port.DeviceId.Length == 0 || !_portsByDevice.TryGetValue(port.DeviceId, out List<Port>? ports)) return;
        ports.Remove(port);
        if (ports.Count == 0) _portsByDevice.Remove(port.DeviceId);
    }
}
