using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>
/// What reaches a pod that no policy isolates. In an open network everything does. In an isolated one: its own network, the networks of pods that use a
/// Service before it, on that Service's ports, and the outside through a Service of type LoadBalancer.
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
        return network.Open ? PolicyCompiler.Everything(RuleDirection.Ingress) : [.. FromNetwork(network, PortRange.All), .. FromServices(identity)];
    }

    private IEnumerable<DesiredRule> FromServices(PodIdentity identity)
    {
        foreach (PolicyService service in _services.Value[identity])
        {
            foreach (PortRange ports in service.Ports.Select(p => VirtualIps.TargetOn(identity, p)).OfType<PortRange>())
            {
                foreach (PolicyNetwork user in _users[service.Name].Select(_networks.GetValueOrDefault).OfType<PolicyNetwork>())
                    foreach (DesiredRule rule in FromNetwork(user, ports)) yield return rule;
                if (!service.External) continue;
                IEnumerable<DesiredRule> outside = service.SourceRanges.IsEmpty
                    ? PolicyCompiler.BothFamilies(RuleDirection.Ingress, ports, new RuleRemote.Any())
                    : service.SourceRanges.Select(r => PolicyCompiler.ForRange(RuleDirection.Ingress, ports, AddressRanges.Parse(r)));
                foreach (DesiredRule rule in outside) yield return rule;
            }
        }
    }

    private static IEnumerable<DesiredRule> FromNetwork(PolicyNetwork network, PortRange ports)
        => network.Cidrs.Select(c => PolicyCompiler.ForRange(RuleDirection.Ingress, ports, AddressRanges.Parse(c)));
}
