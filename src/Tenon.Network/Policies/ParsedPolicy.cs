using System.Collections.Immutable;
using System.Net;
using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>A range of ports of a protocol.</summary>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c>, <c>SCTP</c>; <see langword="null"/> is any.</param>
/// <param name="First">The first port; <see langword="null"/> is all.</param>
/// <param name="Last">The last port.</param>
internal sealed record PortRange(string? Protocol, int? First, int? Last)
{
    /// <summary>Every port of every protocol, and what has no ports.</summary>
    public static PortRange All { get; } = new(null, null, null);

    /// <summary>One port.</summary>
    public static PortRange Single(string protocol, int port) => new(protocol, port, port);
}

/// <summary>A port of a policy's rule: a range, or a name that each pod gives a number.</summary>
internal sealed record ParsedPort(PortRange Range, string? Name)
{
    /// <summary>The ports as they are on a pod; <see langword="null"/> where the pod has no port of the name.</summary>
    public PortRange? For(PodIdentity destination)
        => Name is null ? Range : destination.Resolve(Range.Protocol!, Name) is { } number ? PortRange.Single(Range.Protocol!, number) : null;
}

/// <summary>A rule of a policy, parsed.</summary>
/// <param name="Namespace">The policy's namespace, to which pod selectors without a namespace selector refer.</param>
/// <param name="Ports">The ports; never empty.</param>
/// <param name="Everybody">Whether it names no peer, which lets everybody through.</param>
/// <param name="Pods">The peers that are selected by labels.</param>
/// <param name="Ranges">The peers that are addresses, without holes.</param>
internal sealed record ParsedRule(
    string Namespace, ImmutableArray<ParsedPort> Ports, bool Everybody, ImmutableArray<NetworkPolicyPeer> Pods, ImmutableArray<IPNetwork> Ranges);

/// <summary>A policy, parsed once.</summary>
internal sealed record ParsedPolicy(NamespacedName Name, LabelSelector Selector, bool IsolatesIngress, bool IsolatesEgress)
{
    public string Namespace => Name.Namespace;

    public ImmutableArray<ParsedRule> Ingress { get; private init; } = [];

    public ImmutableArray<ParsedRule> Egress { get; private init; } = [];

    /// <summary>Reads a policy; what cannot be carried out is a problem, lets nothing through, and leaves the rest in force.</summary>
    public static ParsedPolicy Parse(NetworkPolicy policy, List<Problem> problems)
    {
        NetworkPolicySpec spec = policy.Spec;
        var name = new NamespacedName(policy.Metadata.Namespace, policy.Metadata.Name);
        // The API server fills policyTypes in; a policy without them isolates ingress, and egress where it has egress rules.
        bool ingress = spec.PolicyTypes.Count == 0 || spec.PolicyTypes.Contains("Ingress");
        bool egress = spec.PolicyTypes.Count == 0 ? spec.Egress.Count > 0 : spec.PolicyTypes.Contains("Egress");
        return new(name, spec.PodSelector, ingress, egress)
        {
            Ingress = ingress ? [.. spec.Ingress.Select((r, i) => Rule(name, $"spec.ingress[{i}]", r.Ports, "from", r.From, problems))] : [],
            Egress = egress ? [.. spec.Egress.Select((r, i) => Rule(name, $"spec.egress[{i}]", r.Ports, "to", r.To, problems))] : [],
        };
    }

    private static ParsedRule Rule(
        NamespacedName policy, string field, IReadOnlyList<NetworkPolicyPort> ports, string peersField, IReadOnlyList<NetworkPolicyPeer> peers, List<Problem> problems)
    {
        var ranges = ImmutableArray.CreateBuilder<IPNetwork>();
        for (int i = 0; i < peers.Count; i++)
        {
            if (peers[i].IpBlock is not { } block) continue;
            try
            {
                ranges.AddRange(AddressRanges.Of(block));
            }
            catch (FormatException e)
            {
                problems.Add(Problem.Error($"NetworkPolicy {policy} {field}.{peersField}[{i}].ipBlock", null, e.Message, "Write the range as ADDRESS/LENGTH; until then it lets nothing through."));
            }
        }

        ImmutableArray<ParsedPort> parsed = ports.Count == 0 ? [new(PortRange.All, null)] : [.. ports.Select(Port)];
        if (peersField == "to" && peers.Any(p => p.IpBlock is not null) && parsed.FirstOrDefault(p => p.Name is not null) is { } named)
        {
            problems.Add(Problem.Warning($"NetworkPolicy {policy} {field}.ports", named.Name, "a port name means nothing for the addresses of an ipBlock",
                "Give the port's number; until then the addresses are not reached on it."));
        }

        return new(policy.Namespace, parsed, peers.Count == 0, [.. peers.Where(p => p.IpBlock is null)], ranges.ToImmutable());
    }

    private static ParsedPort Port(NetworkPolicyPort port)
    {
        string protocol = port.Protocol ?? "TCP";
        return port.Port switch
        {
            null => new(new PortRange(protocol, null, null), null),
            { Text: { } name } => new(new PortRange(protocol, null, null), name),
            { Number: { } number } => new(new PortRange(protocol, number, port.EndPort ?? number), null),
            _ => throw new InvalidOperationException("a port is a number or a name"),
        };
    }
}
