using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>
/// What reaches a pod that no policy isolates. In an open network everything does, unless a Service of type LoadBalancer before it names its clients: then
/// whatever is inside (pods, nodes, machines behind the router), and the outside through such Services. In an isolated one: its own network, the networks
/// of pods that use a Service before it, on that Service's ports, and the outside through a Service of type LoadBalancer.
/// </summary>
internal sealed class DefaultTier
{
    private readonly Dictionary<string, PolicyNetwork> _networks;
    private readonly PeerIndex _peers;
    private readonly PolicyWorld _world;
    private readonly ILookup<NamespacedName, string> _users;
    private readonly Lazy<ILookup<PodIdentity, PolicyService>> _services;

    public DefaultTier(PolicyWorld world, PeerIndex peers)
    {
        (_world, _peers) = (world, peers);
        _networks = world.Networks.ToDictionary(n => n.Key);
        _users = world.Pods.SelectMany(p => p.Uses.Select(s => (Service: s, p.Network))).Distinct().ToLookup(u => u.Service, u => u.Network);
        _services = new(() => _world.Services.SelectMany(s => _peers.Behind(s).Select(i => (Identity: i, Service: s))).ToLookup(b => b.Identity, b => b.Service));
    }

    public IEnumerable<DesiredRule> Ingress(PodIdentity identity)
    {
        if (!_networks.TryGetValue(identity.Network, out PolicyNetwork? network)) return [];
        if (!network.Open) return [.. FromNetwork(network, PortRange.All), .. FromServices(identity)];
        return _services.Value[identity].Any(s => s.IsRestricted && Targets(identity, s).Any())
            ? [.. Inside(_world, network).Select(c => PolicyCompiler.ForRange(RuleDirection.Ingress, PortRange.All, AddressRanges.Parse(c))), .. _services.Value[identity].SelectMany(s => FromOutside(identity, s))]
            : PolicyCompiler.Everything(RuleDirection.Ingress);
    }

    /// <summary>The ranges of all that is behind the same router as a network.</summary>
    internal static IEnumerable<string> Inside(PolicyWorld world, PolicyNetwork network) => world.Networks.SelectMany(n => n.Cidrs).Concat(network.Routed).Distinct();

    private static IEnumerable<PortRange> Targets(PodIdentity identity, PolicyService service)
        => service.Ports.Select(p => VirtualIps.TargetOn(identity, p)).OfType<PortRange>();

    private IEnumerable<DesiredRule> FromServices(PodIdentity identity)
    {
        foreach (PolicyService service in _services.Value[identity])
        {
            foreach (PortRange ports in Targets(identity, service))
            {
                foreach (PolicyNetwork user in _users[service.Name].Select(_networks.GetValueOrDefault).OfType<PolicyNetwork>())
                    foreach (DesiredRule rule in FromNetwork(user, ports)) yield return rule;
            }

            foreach (DesiredRule rule in FromOutside(identity, service)) yield return rule;
        }
    }

    private static IEnumerable<DesiredRule> FromOutside(PodIdentity identity, PolicyService service)
    {
        if (!service.External) return [];
        return Targets(identity, service).SelectMany(ports => service.SourceRanges.IsEmpty
            ? PolicyCompiler.BothFamilies(RuleDirection.Ingress, ports, new RuleRemote.Any())
            : service.SourceRanges.Select(r => PolicyCompiler.ForRange(RuleDirection.Ingress, ports, AddressRanges.Parse(r))));
    }

    private static IEnumerable<DesiredRule> FromNetwork(PolicyNetwork network, PortRange ports)
        => network.Cidrs.Select(c => PolicyCompiler.ForRange(RuleDirection.Ingress, ports, AddressRanges.Parse(c)));
}
