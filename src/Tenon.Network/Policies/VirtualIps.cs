using System.Net;

namespace Tenon.Network.Policies;

/// <summary>
/// What policies mean for the virtual IPs of Services. OVN asks a port's egress rules about the virtual IP first and about the pod behind it afterwards,
/// so a pod that may reach every pod behind a Service is given a rule for the virtual IP too.
/// </summary>
internal sealed class VirtualIps
{
    private readonly PeerIndex _peers;
    private readonly Dictionary<string, PolicyNetwork> _networks;
    private readonly IReadOnlyList<(PolicyService Service, PodIdentity[] Behind)> _services;
    private readonly ILookup<PodIdentity, PolicyService> _byIdentity;

    public VirtualIps(PolicyWorld world, PeerIndex peers)
    {
        _peers = peers;
        _networks = world.Networks.ToDictionary(n => n.Key);
        _services = [.. world.Services.Where(s => !s.VirtualIps.IsEmpty).Select(s => (s, peers.Behind(s).ToArray()))];
        _byIdentity = _services.SelectMany(s => s.Behind.Select(i => (Identity: i, s.Service))).ToLookup(b => b.Identity, b => b.Service);
    }

    /// <summary>The ports of a pod to which a port of a Service leads; <see langword="null"/> where it has no port of the name.</summary>
    public static PortRange? TargetOn(PodIdentity identity, PolicyServicePort port)
        => (port.Target.Number ?? identity.Resolve(port.Protocol, port.Target.Text!)) is { } number ? PortRange.Single(port.Protocol, number) : null;

    /// <summary>A pod that reaches itself through its Service sees the virtual IP as the source.</summary>
    public IEnumerable<DesiredRule> Hairpin(PodIdentity identity)
        => from service in _byIdentity[identity]
           from ports in service.Ports.Select(p => TargetOn(identity, p)).OfType<PortRange>()
           from address in service.VirtualIps
           select PolicyCompiler.ForRange(RuleDirection.Ingress, ports, Host(address));

    /// <summary>Rules for the virtual IPs of the Services all of whose pods the given egress rules let through.</summary>
    public IEnumerable<DesiredRule> Reachable(IReadOnlyCollection<DesiredRule> egress)
    {
        if (egress.Count(r => r.IsEverything) == 2) return [];
        return from service in _services
               from port in service.Service.Ports
               where LetsThrough(egress, service.Service, service.Behind, port)
               from address in service.Service.VirtualIps
               select PolicyCompiler.ForRange(RuleDirection.Egress, PortRange.Single(port.Protocol, port.Port), Host(address));
    }

    private bool LetsThrough(IReadOnlyCollection<DesiredRule> egress, PolicyService service, PodIdentity[] behind, PolicyServicePort port)
    {
        (PodIdentity Identity, int Port)[] pods = [.. behind.Select(i => (i, TargetOn(i, port)?.First)).Where(p => p.First is not null).Select(p => (p.i, p.First!.Value))];
        PolicyEndpoint[] others = [.. service.Endpoints.Where(e => e.Protocol == port.Protocol && e.ServicePort == port.Port)];
        return pods.Length + others.Length > 0
            && pods.All(p => Families(p.Identity).All(v6 => egress.Any(r => Covers(r, v6, port.Protocol, p.Port) && Reaches(r.Remote, p.Identity, v6))))
            && others.All(e => egress.Any(r => Covers(r, e.Address.Contains(':', StringComparison.Ordinal), e.Protocol, e.Port) && Holds(r.Remote, Host(e.Address))));
    }

    private IEnumerable<bool> Families(PodIdentity identity)
        => _networks.TryGetValue(identity.Network, out PolicyNetwork? network) ? network.Cidrs.Select(c => AddressRanges.IsV6(AddressRanges.Parse(c))).Distinct() : [false];

    private static bool Covers(DesiredRule rule, bool v6, string protocol, int port)
        => rule.V6 == v6 && (rule.Protocol is null || (rule.Protocol == protocol && (rule.FirstPort is null || (rule.FirstPort <= port && port <= rule.LastPort))));

    private bool Reaches(RuleRemote remote, PodIdentity identity, bool v6) => remote switch
    {
        RuleRemote.Any => true,
        RuleRemote.Group { Key: CompiledPolicies.ClusterGroup } => true,
        RuleRemote.Group group => group.Key == identity.GroupKey || group.Key == CompiledPolicies.NamespaceGroup(identity.Namespace),
        RuleRemote.Prefix => _networks.TryGetValue(identity.Network, out PolicyNetwork? network)
            && network.Cidrs.Select(AddressRanges.Parse).Where(c => AddressRanges.IsV6(c) == v6).All(c => Holds(remote, c)),
        _ => false,
    };

    private static bool Holds(RuleRemote remote, IPNetwork range) => remote switch
    {
        RuleRemote.Any => true,
        RuleRemote.Prefix prefix => AddressRanges.Parse(prefix.Cidr) is var outer && AddressRanges.IsV6(outer) == AddressRanges.IsV6(range)
            && outer.PrefixLength <= range.PrefixLength && outer.Contains(range.BaseAddress),
        _ => false,
    };

    private static IPNetwork Host(string address)
        => AddressRanges.Parse(address.Contains(':', StringComparison.Ordinal) ? $"{address}/128" : $"{address}/32");
}
