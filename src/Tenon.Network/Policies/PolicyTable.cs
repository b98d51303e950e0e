using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>What a policy, a virtual network or a Service lets into a pod, or out of it.</summary>
/// <param name="Direction"><c>ingress</c> or <c>egress</c>.</param>
/// <param name="By">What lets it pass: the policy with its rule, the virtual network, or the Service.</param>
/// <param name="Peers">Who is at the other end; empty is nobody.</param>
/// <param name="Ports">On which ports of the one that is asked; empty is none.</param>
/// <param name="Note">What else must be known; empty is nothing.</param>
public sealed record PolicyEntry(string Direction, string By, EquatableArray<PolicyPeers> Peers, EquatableArray<string> Ports, string Note = "");

/// <summary>Somebody at the other end of a connection.</summary>
/// <param name="Text">As the policy has it: <c>pods app=web of namespace default</c>, or a range.</param>
/// <param name="Pods">The pods that these are now; <see langword="null"/> where they are not told by pods.</param>
public sealed record PolicyPeers(string Text, EquatableArray<NamespacedName>? Pods = null);

/// <summary>All that decides what reaches a pod and what it reaches, in the words of policies, not of the security groups that were made of them.</summary>
public static class PolicyTable
{
    private const string In = "ingress", Out = "egress", All = "all";

    private static readonly PolicyPeers s_everybody = new("everybody");

    /// <summary>The entries of a pod: ingress, then egress; policies by name, their rules in order.</summary>
    /// <param name="world">The policies and all that they refer to.</param>
    /// <param name="pod">The pod.</param>
    public static IReadOnlyList<PolicyEntry> Of(PolicyWorld world, PolicyPod pod)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(pod);
        NetworkPolicy[] selecting = [.. world.Policies
            .Where(p => p.Metadata.Namespace == pod.Name.Namespace && p.Spec.PodSelector.Matches(pod.Labels))
            .OrderBy(p => p.Metadata.Name, StringComparer.Ordinal)];
        NetworkPolicy[] inward = [.. selecting.Where(p => ParsedPolicy.Parse(p, []).IsolatesIngress)], outward = [.. selecting.Where(p => ParsedPolicy.Parse(p, []).IsolatesEgress)];
        var entries = new List<PolicyEntry> { new(In, "always", [new("nodes")], [All], "probes of the kubelet always pass") };
        if (inward.Length == 0) entries.AddRange(Default(world, pod));
        foreach (NetworkPolicy policy in inward) entries.AddRange(Rules(world, policy, In, [.. policy.Spec.Ingress.Select(r => (r.From, r.Ports))], pod));
        if (outward.Length == 0) entries.Add(new(Out, "no NetworkPolicy", [s_everybody], [All], "no NetworkPolicy isolates it"));
        foreach (NetworkPolicy policy in outward) entries.AddRange(Rules(world, policy, Out, [.. policy.Spec.Egress.Select(r => (r.To, r.Ports))], null));
        entries.AddRange(pod.Uses.SelectMany(u => world.Services.Where(s => s.Name == u)).Select(s => Used(world, pod, s)));
        return entries;
    }

    private static IEnumerable<PolicyEntry> Rules(
        PolicyWorld world, NetworkPolicy policy, string direction, (IReadOnlyList<NetworkPolicyPeer> Peers, IReadOnlyList<NetworkPolicyPort> Ports)[] rules, PolicyPod? asked)
    {
        string name = $"NetworkPolicy {policy.Metadata.Key}";
        if (rules.Length == 0) yield return new(direction, name, [], [], "isolates, and has no rule that lets anything pass");
        for (int i = 0; i < rules.Length; i++)
        {
            yield return new(
                direction,
                $"{name}, spec.{direction}[{i}]",
                rules[i].Peers.Count == 0 ? [s_everybody] : [.. rules[i].Peers.Select(p => Peers(world, p, policy.Metadata.Namespace))],
                rules[i].Ports.Count == 0 ? [All] : [.. rules[i].Ports.Select(p => PortOf(p, asked))]);
        }
    }

    private static PolicyPeers Peers(PolicyWorld world, NetworkPolicyPeer peer, string space)
    {
        if (peer.IpBlock is { } block)
        {
            string holes = block.Except.Count == 0 ? "" : $" except {string.Join(", ", block.Except)}";
            try
            {
                AddressRanges.Of(block);
                return new(block.Cidr + holes);
            }
            catch (FormatException e)
            {
                return new($"{block.Cidr}{holes} (lets nothing pass: {e.Message})");
            }
        }

        string spaces = peer.NamespaceSelector is not { } selector ? $"namespace {space}" : IsEverything(selector) ? "all namespaces" : $"namespaces {TextOf(selector)}";
        string pods = peer.PodSelector is not { } labels || IsEverything(labels) ? "all pods" : $"pods {TextOf(labels)}";
        return new($"{pods} of {spaces}", Names(world.Pods.Where(p => PolicyDecision.IsPeer(world, peer, space, p))));
    }

    /// <summary>A port; by name, with its number on the pod that is asked, where that is known.</summary>
    private static string PortOf(NetworkPolicyPort port, PolicyPod? asked)
    {
        string protocol = port.Protocol ?? "TCP";
        if (port.Port is null) return $"{protocol} {All}";
        if (port.Port.Value.Text is not { } name) return port.EndPort is { } end && end != port.Port.Value.Number ? $"{protocol} {port.Port.Value.Number}-{end}" : $"{protocol} {port.Port.Value.Number}";
        if (asked is null) return $"{protocol} {name}";
        return asked.NamedPorts.FirstOrDefault(n => n.Protocol == protocol && n.Name == name) is { } known ? $"{protocol} {name} ({known.Port})" : $"{protocol} {name} (the pod has none)";
    }

    /// <summary>What reaches a pod that no policy isolates.</summary>
    private static IEnumerable<PolicyEntry> Default(PolicyWorld world, PolicyPod pod)
    {
        string name = $"virtual network {pod.Network}";
        if (world.Networks.FirstOrDefault(n => n.Key == pod.Network) is not { } network) return [new(In, name, [], [], "the virtual network is not ready")];
        if (network.Open && Before(world, pod).Select(b => b.Service).FirstOrDefault(s => s.IsRestricted) is { } restricted)
        {
            return
            [
                new(In, name, [.. DefaultTier.Inside(world, network).Select(c => new PolicyPeers(c))], [All], $"no NetworkPolicy isolates it, and the virtual network is Open, but Service {restricted.Name} has source ranges"),
                .. Before(world, pod).Where(b => b.Service.External).Select(b => FromOutside(b.Service, b.Ports)),
            ];
        }

        return network.Open
            ? [new(In, name, [s_everybody], [All], "no NetworkPolicy isolates it, and the virtual network is Open")]
            : [new(In, name, [OnNetwork(world, pod.Network)], [All], "no NetworkPolicy isolates it, and the virtual network is Isolated"), .. ThroughServices(world, pod)];
    }

    private static IEnumerable<PolicyEntry> ThroughServices(PolicyWorld world, PolicyPod pod)
    {
        foreach ((PolicyService service, EquatableArray<string> ports) in Before(world, pod))
        {
            foreach (IGrouping<string, PolicyPod> users in world.Pods.Where(p => p.Uses.Contains(service.Name)).GroupBy(p => p.Network).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                NamespacedName[] names = [.. Names(users)];
                yield return new(In, $"Service {service.Name}, which is used", [OnNetwork(world, users.Key)], ports, $"{names[0]}{(names.Length > 1 ? $" and {names.Length - 1} more" : "")} of that network uses it");
            }

            if (service.External) yield return FromOutside(service, ports);
        }
    }

    /// <summary>The Services before a pod, with the ports of it to which they lead.</summary>
    private static IEnumerable<(PolicyService Service, EquatableArray<string> Ports)> Before(PolicyWorld world, PolicyPod pod)
        => from service in world.Services.Where(s => PolicyDecision.IsBehind(s, pod)).OrderBy(s => s.Name.ToString(), StringComparer.Ordinal)
           let ports = service.Ports.Select(p => (p.Protocol, Port: PolicyDecision.TargetOn(p, pod))).Where(p => p.Port is not null).Select(p => $"{p.Protocol} {p.Port}").ToEquatableArray()
           where !ports.IsEmpty
           select (service, ports);

    private static PolicyEntry FromOutside(PolicyService service, EquatableArray<string> ports)
        => new(In, $"Service {service.Name} of type LoadBalancer", service.SourceRanges.IsEmpty ? [s_everybody] : [.. service.SourceRanges.Select(r => new PolicyPeers(r))], ports);

    /// <summary>What a pod's <c>uses</c> opens for it, and whether policies on either side take it away again.</summary>
    private static PolicyEntry Used(PolicyWorld world, PolicyPod pod, PolicyService service)
    {
        PolicyPod[] behind = [.. world.Pods.Where(p => PolicyDecision.IsBehind(service, p)).OrderBy(p => p.Name.ToString(), StringComparer.Ordinal)];
        string note = behind.Length == 0 ? "no pod is behind it" : "";
        foreach ((PolicyPod other, PolicyServicePort front) in behind.SelectMany(b => service.Ports.Select(p => (b, p))))
        {
            if (PolicyDecision.TargetOn(front, other) is not { } port) continue;
            PolicyDecision decision = PolicyDecision.Between(world, pod, other, front.Protocol, port);
            if (decision.IsAllowed) continue;
            SideDecision side = decision.Egress.IsAllowed ? decision.Ingress : decision.Egress;
            note = $"does not reach {other.Name} on {front.Protocol} {port}: {side.By}";
            break;
        }

        return new(Out, $"uses {service.Name}", [new($"pods of Service {service.Name}", Names(behind))], [.. service.Ports.Select(p => $"{p.Protocol} {p.Target}").Distinct()], note);
    }

    private static PolicyPeers OnNetwork(PolicyWorld world, string network) => new($"virtual network {network}", Names(world.Pods.Where(p => p.Network == network)));

    private static EquatableArray<NamespacedName> Names(IEnumerable<PolicyPod> pods) => [.. pods.Select(p => p.Name).OrderBy(n => n.ToString(), StringComparer.Ordinal)];

    private static bool IsEverything(LabelSelector selector) => selector is { MatchLabels.Count: 0, MatchExpressions.Count: 0 };

    /// <summary>A selector as kubectl writes it: <c>app=web,tier in (a,b),!old</c>.</summary>
    private static string TextOf(LabelSelector selector) => string.Join(',', selector.MatchLabels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}").Concat(
        selector.MatchExpressions.Select(e => e.Operator switch
        {
            "In" => $"{e.Key} in ({string.Join(',', e.Values)})",
            "NotIn" => $"{e.Key} notin ({string.Join(',', e.Values)})",
            "Exists" => e.Key,
            "DoesNotExist" => $"!{e.Key}",
            _ => $"{e.Key} {e.Operator}?",
        })));
}
