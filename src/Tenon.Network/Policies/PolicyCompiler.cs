using System.Collections.Immutable;
using System.Net;
using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>
/// Turns NetworkPolicy (networking.k8s.io/v1), the isolation of virtual networks and <c>uses</c> into security groups. A pod's port carries three
/// groups: of all pods, of its namespace, and of its <see cref="PodIdentity"/>; rules are in the last and refer to peers by group.
/// </summary>
public static class PolicyCompiler
{
    /// <summary>Compiles a world. The same world gives the same groups, whatever the order of its parts.</summary>
    public static CompiledPolicies Compile(PolicyWorld world)
    {
        ArgumentNullException.ThrowIfNull(world);
        var problems = new List<Problem>();
        world = ReadableWorld.Of(world, problems);
        Vocabulary vocabulary = Vocabulary.Of(world);
        var peers = new PeerIndex(world, world.Pods.Select(vocabulary.IdentityOf).Distinct());
        Dictionary<string, ParsedPolicy[]> policies = world.Policies
            .OrderBy(p => p.Metadata.Namespace, StringComparer.Ordinal).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .Select(p => ParsedPolicy.Parse(p, problems))
            .GroupBy(p => p.Namespace).ToDictionary(g => g.Key, g => g.ToArray());
        var defaults = new DefaultTier(world, peers);
        var services = new VirtualIps(world, peers);

        var groups = new List<DesiredGroup>();
        // Without a pod nothing carries it and nothing refers to it: a cluster that is taken down leaves no group.
        if (peers.Identities.Count > 0) groups.Add(new(CompiledPolicies.ClusterGroup, "all pods", Ordered(NodeRules(world))));
        groups.AddRange(peers.Namespaces.Select(n => new DesiredGroup(CompiledPolicies.NamespaceGroup(n), n, [])));
        foreach (PodIdentity identity in peers.Identities)
        {
            ParsedPolicy[] selecting = [.. policies.GetValueOrDefault(identity.Namespace, []).Where(p => p.Selector.Matches(identity.LabelMap))];
            groups.Add(new(identity.GroupKey, identity.Title, Ordered(Rules(identity, selecting, peers, defaults, services))));
        }

        return new(vocabulary, [.. groups.OrderBy(g => g.Key, StringComparer.Ordinal)], [.. problems]);
    }

    private static IEnumerable<DesiredRule> Rules(
        PodIdentity identity, ParsedPolicy[] selecting, PeerIndex peers, DefaultTier defaults, VirtualIps services)
    {
        List<DesiredRule> ingress = [.. selecting.Any(p => p.IsolatesIngress)
            ? selecting.SelectMany(p => p.Ingress).SelectMany(r => IngressRules(identity, r, peers))
            : defaults.Ingress(identity)];
        ingress.AddRange(services.Hairpin(identity));
        List<DesiredRule> egress = [.. selecting.Any(p => p.IsolatesEgress)
            ? selecting.SelectMany(p => p.Egress).SelectMany(r => EgressRules(r, peers))
            : Everything(RuleDirection.Egress)];
        egress.AddRange(services.Reachable(egress));
        return ingress.Concat(egress);
    }

    /// <summary>Both families of a rule that lets everything through.</summary>
    internal static IEnumerable<DesiredRule> Everything(RuleDirection direction) => BothFamilies(direction, PortRange.All, new RuleRemote.Any());

    /// <summary>A rule for each family.</summary>
    internal static IEnumerable<DesiredRule> BothFamilies(RuleDirection direction, PortRange ports, RuleRemote remote)
        => [Rule(direction, false, ports, remote), Rule(direction, true, ports, remote)];

    /// <summary>A rule for the addresses of a range.</summary>
    internal static DesiredRule ForRange(RuleDirection direction, PortRange ports, IPNetwork range)
        => range.PrefixLength == 0
            ? Rule(direction, AddressRanges.IsV6(range), ports, new RuleRemote.Any())
            : Rule(direction, AddressRanges.IsV6(range), ports, new RuleRemote.Prefix(range.ToString()));

    private static DesiredRule Rule(RuleDirection direction, bool v6, PortRange ports, RuleRemote remote)
        => new(direction, v6, ports.Protocol, ports.First, ports.Last, remote);

    private static IEnumerable<DesiredRule> IngressRules(PodIdentity identity, ParsedRule rule, PeerIndex peers)
        => rule.Ports.Select(p => p.For(identity)).OfType<PortRange>().SelectMany(ports => Remotes(RuleDirection.Ingress, ports, rule, peers));

    private static IEnumerable<DesiredRule> EgressRules(ParsedRule rule, PeerIndex peers)
    {
        foreach (ParsedPort port in rule.Ports)
        {
            if (port.Name is null)
            {
                foreach (DesiredRule made in Remotes(RuleDirection.Egress, port.Range, rule, peers)) yield return made;
                continue;
            }

            // A name means the number that each peer gives it.
            IEnumerable<PodIdentity> targets = rule.Everybody ? peers.Identities : rule.Pods.SelectMany(p => peers.Select(p, rule.Namespace)).Distinct();
            foreach (PodIdentity target in targets)
            {
                if (port.For(target) is not { } ports) continue;
                foreach (DesiredRule made in BothFamilies(RuleDirection.Egress, ports, new RuleRemote.Group(target.GroupKey))) yield return made;
            }
        }
    }

    private static IEnumerable<DesiredRule> Remotes(RuleDirection direction, PortRange ports, ParsedRule rule, PeerIndex peers)
        => rule.Everybody
            ? BothFamilies(direction, ports, new RuleRemote.Any())
            : rule.Ranges.Select(r => ForRange(direction, ports, r))
                .Concat(rule.Pods.SelectMany(p => peers.Groups(p, rule.Namespace)).SelectMany(g => BothFamilies(direction, ports, new RuleRemote.Group(g))));

    private static IEnumerable<DesiredRule> NodeRules(PolicyWorld world)
        => world.NodeAddresses.Select(a => ForRange(RuleDirection.Ingress, PortRange.All, AddressRanges.Parse(a.Contains(':', StringComparison.Ordinal) ? $"{a}/128" : $"{a}/32")));

    /// <summary>Each rule once and in a stable order; where everything passes, nothing else is said.</summary>
    private static EquatableArray<DesiredRule> Ordered(IEnumerable<DesiredRule> rules)
    {
        HashSet<DesiredRule> all = [.. rules];
        HashSet<(RuleDirection, bool)> everything = [.. all.Where(r => r.IsEverything).Select(r => (r.Direction, r.V6))];
        return all.Where(r => r.IsEverything || !everything.Contains((r.Direction, r.V6)))
            .OrderBy(r => r.ToString(), StringComparer.Ordinal).ToEquatableArray();
    }
}
