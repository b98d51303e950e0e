using System.Net;
using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>Whether one side of a connection lets it pass, and what decides.</summary>
/// <param name="IsAllowed">Whether it passes.</param>
/// <param name="By">The policy with its rule, or the virtual network, that decides.</param>
public sealed record SideDecision(bool IsAllowed, string By);

/// <summary>Whether a pod reaches another, and why.</summary>
/// <param name="Egress">The side of the pod that opens the connection.</param>
/// <param name="Ingress">The side of the other.</param>
public sealed record PolicyDecision(SideDecision Egress, SideDecision Ingress)
{
    /// <summary>Whether both sides let it pass.</summary>
    public bool IsAllowed => Egress.IsAllowed && Ingress.IsAllowed;

    /// <summary>Decides by what NetworkPolicy says, not by the security groups that were made of it.</summary>
    /// <param name="world">The policies and all that they refer to.</param>
    /// <param name="from">Who opens the connection.</param>
    /// <param name="to">Who is asked.</param>
    /// <param name="protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
    /// <param name="port">The port of <paramref name="to"/>.</param>
    public static PolicyDecision Between(PolicyWorld world, PolicyPod from, PolicyPod to, string protocol, int port)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        var problems = new List<Problem>();
        ParsedPolicy[] policies = [.. world.Policies.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => ParsedPolicy.Parse(p, problems))];
        ParsedPolicy[] outward = [.. policies.Where(p => p.IsolatesEgress && Selects(p, from))], inward = [.. policies.Where(p => p.IsolatesIngress && Selects(p, to))];
        bool Fits(ParsedRule rule, PolicyPod peer, bool leaving) => rule.Ports.Any(p => Covers(p, to, protocol, port) && Names(world, rule, peer, withRanges: !leaving || p.Name is null));
        return new(
            outward.Length == 0
                ? new(true, $"no NetworkPolicy isolates the egress of {from.Name}")
                : Decide(outward, p => p.Egress, "egress", r => Fits(r, to, leaving: true)),
            inward.Length == 0 ? Default(world, from, to, protocol, port) : Decide(inward, p => p.Ingress, "ingress", r => Fits(r, from, leaving: false)));
    }

    private static bool Selects(ParsedPolicy policy, PolicyPod pod) => policy.Namespace == pod.Name.Namespace && policy.Selector.Matches(pod.Labels);

    private static SideDecision Decide(ParsedPolicy[] policies, Func<ParsedPolicy, IReadOnlyList<ParsedRule>> rulesOf, string direction, Func<ParsedRule, bool> fits)
    {
        foreach (ParsedPolicy policy in policies)
        {
            IReadOnlyList<ParsedRule> rules = rulesOf(policy);
            for (int i = 0; i < rules.Count; i++)
                if (fits(rules[i])) return new(true, $"NetworkPolicy {policy.Name}, spec.{direction}[{i}]");
        }

        return new(false, $"isolated by NetworkPolicy {string.Join(", ", policies.Select(p => p.Name))}; no {direction} rule of theirs lets it pass");
    }

    private static SideDecision Default(PolicyWorld world, PolicyPod from, PolicyPod to, string protocol, int port)
    {
        PolicyNetwork? network = world.Networks.FirstOrDefault(n => n.Key == to.Network);
        if (network is null) return new(false, $"virtual network {to.Network} is not ready");
        if (network.Open) return new(true, $"no NetworkPolicy isolates the ingress of {to.Name}, and virtual network {to.Network} is Open");
        if (from.Network == to.Network) return new(true, $"no NetworkPolicy isolates the ingress of {to.Name}, and both are on virtual network {to.Network}");
        PolicyService[] before = [.. world.Services.Where(s => IsBehind(s, to) && s.Ports.Any(p => LeadsTo(p, to, protocol, port)))];
        if (before.FirstOrDefault(s => world.Pods.Any(p => p.Network == from.Network && p.Uses.Contains(s.Name))) is { } used)
            return new(true, $"a pod of virtual network {from.Network} uses Service {used.Name}");
        return before.FirstOrDefault(s => s.External && (s.SourceRanges.IsEmpty || s.SourceRanges.Select(AddressRanges.Parse).Any(r => Holds(r, from)))) is { } open
            ? new(true, $"Service {open.Name} of type LoadBalancer lets in everybody{(open.SourceRanges.IsEmpty ? "" : " of its source ranges")}")
            : new(false, $"virtual network {to.Network} is Isolated, and no pod of {from.Network} uses a Service before {to.Name} on port {port}");
    }

    /// <summary>Whether a Service selects a pod.</summary>
    internal static bool IsBehind(PolicyService service, PolicyPod pod)
        => service.Selector.Count > 0 && service.Name.Namespace == pod.Name.Namespace && service.Selector.All(s => pod.Labels.TryGetValue(s.Key, out string? value) && value == s.Value);

    private static bool LeadsTo(PolicyServicePort front, PolicyPod pod, string protocol, int port)
        => front.Protocol == protocol && TargetOn(front, pod) == port;

    /// <summary>The port of a pod to which a port of a Service leads; <see langword="null"/> where it has none of the name.</summary>
    internal static int? TargetOn(PolicyServicePort front, PolicyPod pod)
        => front.Target.Number ?? pod.NamedPorts.FirstOrDefault(n => n.Protocol == front.Protocol && n.Name == front.Target.Text)?.Port;

    private static bool Covers(ParsedPort ports, PolicyPod destination, string protocol, int port)
    {
        if (ports.Range.Protocol is { } only && only != protocol) return false;
        if (ports.Name is { } name) return destination.NamedPorts.Any(n => n.Protocol == protocol && n.Name == name && n.Port == port);
        return ports.Range.First is null || (ports.Range.First <= port && port <= ports.Range.Last);
    }

    private static bool Names(PolicyWorld world, ParsedRule rule, PolicyPod peer, bool withRanges)
        => rule.Everybody
            || (withRanges && rule.Ranges.Any(r => Holds(r, peer))) // a port's name means nothing for the addresses of an egress rule
            || rule.Pods.Any(p => IsPeer(world, p, rule.Namespace, peer));

    private static bool Holds(IPNetwork range, PolicyPod pod) => pod.Addresses.Any(a => range.Contains(IPAddress.Parse(a)));

    /// <summary>Whether a peer that is told by labels, in a policy of a namespace, selects a pod.</summary>
    internal static bool IsPeer(PolicyWorld world, NetworkPolicyPeer selected, string space, PolicyPod peer)
        => (selected.NamespaceSelector is { } spaces
                ? world.Namespaces.TryGetValue(peer.Name.Namespace, out IReadOnlyDictionary<string, string>? labels) && spaces.Matches(labels)
                : peer.Name.Namespace == space)
            && (selected.PodSelector is not { } pods || pods.Matches(peer.Labels));
}
