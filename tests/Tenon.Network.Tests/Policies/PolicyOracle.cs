using System.Net;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Policies;

namespace Tenon.Network.Tests.Policies;

/// <summary>
/// NetworkPolicy as the Kubernetes documentation words it, asked directly of the objects: no groups, no identities. It shares nothing with the compiler
/// but the types of the world.
/// </summary>
internal sealed class PolicyOracle(PolicyWorld world)
{
    public bool Allows(Packet packet) => Leaves(packet) && Enters(packet);

    /// <summary>A virtual IP is reached where every pod behind it, on the port there, may be reached.</summary>
    public bool ReachesVirtualIp(PolicyPod from, PolicyService service, PolicyServicePort port)
    {
        if (!Isolating(from, "Egress").Any()) return true;
        (PolicyPod Pod, int Port)[] behind =
        [
            .. world.Pods.Where(p => p.Name.Namespace == service.Name.Namespace && service.Selector.All(s => p.Labels.TryGetValue(s.Key, out string? v) && v == s.Value))
                .Select(p => (p, Port: port.Target.Number ?? p.NamedPorts.FirstOrDefault(n => n.Protocol == port.Protocol && n.Name == port.Target.Text)?.Port ?? 0))
                .Where(p => p.Port != 0),
        ];
        return behind.Length > 0 && behind.All(b => Leaves(new(from, Address(from), b.Pod, Address(b.Pod), port.Protocol, b.Port)));
    }

    public bool Leaves(Packet packet)
    {
        if (packet.FromPod is not { } pod) return true;
        NetworkPolicy[] isolating = [.. Isolating(pod, "Egress")];
        return isolating.Length == 0 || isolating.Any(p => p.Spec.Egress.Any(r =>
            r.To.Count == 0
                ? Ports(r.Ports, packet.ToPod, packet)
                : r.To.Any(t => Ports(r.Ports, t.IpBlock is null ? packet.ToPod : null, packet) && Peer(t, p, packet.ToPod, packet.To))));
    }

    public bool Enters(Packet packet)
    {
        if (packet.ToPod is not { } pod) return true;
        if (world.NodeAddresses.Contains(packet.From.ToString())) return true;
        NetworkPolicy[] isolating = [.. Isolating(pod, "Ingress")];
        return isolating.Length == 0
            ? Default(pod, packet)
            : isolating.Any(p => p.Spec.Ingress.Any(r => Ports(r.Ports, pod, packet) && (r.From.Count == 0 || r.From.Any(f => Peer(f, p, packet.FromPod, packet.From)))));
    }

    private static IPAddress Address(PolicyPod pod) => IPAddress.Parse(pod.Addresses[0]);

    private IEnumerable<NetworkPolicy> Isolating(PolicyPod pod, string direction)
        => world.Policies.Where(p => p.Metadata.Namespace == pod.Name.Namespace && p.Spec.PodSelector.Matches(pod.Labels)
            && (p.Spec.PolicyTypes.Contains(direction) || (p.Spec.PolicyTypes.Count == 0 && (direction == "Ingress" || p.Spec.Egress.Count > 0))));

    /// <summary>A port name is one of the destination pod's; towards the addresses of an ipBlock it means nothing.</summary>
    private static bool Ports(IReadOnlyList<NetworkPolicyPort> ports, PolicyPod? destination, Packet packet)
        => ports.Count == 0 || ports.Any(p => Port(p, destination, packet));

    private static bool Port(NetworkPolicyPort port, PolicyPod? destination, Packet packet)
    {
        if ((port.Protocol ?? "TCP") != packet.Protocol) return false;
        if (port.Port is not { } value) return true;
        if (value.Text is { } name) return destination?.NamedPorts.Any(n => n.Protocol == packet.Protocol && n.Name == name && n.Port == packet.Port) ?? false;
        return packet.Port >= value.Number && packet.Port <= (port.EndPort ?? value.Number);
    }

    private bool Peer(NetworkPolicyPeer peer, NetworkPolicy policy, PolicyPod? pod, IPAddress address)
    {
        if (peer.IpBlock is { } block) return IPNetwork.Parse(block.Cidr).Contains(address) && !block.Except.Any(e => IPNetwork.Parse(e).Contains(address));
        if (pod is null) return false;
        bool space = peer.NamespaceSelector is { } selector ? selector.Matches(world.Namespaces[pod.Name.Namespace]) : pod.Name.Namespace == policy.Metadata.Namespace;
        return space && (peer.PodSelector?.Matches(pod.Labels) ?? true);
    }

    /// <summary>No policy isolates the pod: its network decides, and <c>uses</c>, and Services that are reached from outside.</summary>
    private bool Default(PolicyPod pod, Packet packet)
    {
        PolicyNetwork network = world.Networks.Single(n => n.Key == pod.Network);
        if (Holds(network, packet.From)) return true;
        if (network.Open)
        {
            // Whoever is inside always comes in, and everybody where no Service before the pod names its clients.
            bool inside = world.Networks.Any(n => Holds(n, packet.From)) || network.Routed.Any(r => IPNetwork.Parse(r).Contains(packet.From));
            if (inside || !world.Services.Any(s => s.External && !s.SourceRanges.IsEmpty && Leads(s, pod, null))) return true;
        }
        foreach (PolicyService service in world.Services)
        {
            if (!Leads(service, pod, packet)) continue;
            if (service.External && (service.SourceRanges.IsEmpty || service.SourceRanges.Any(r => IPNetwork.Parse(r).Contains(packet.From)))) return true;
            if (!network.Open && world.Pods.Any(u => u.Uses.Contains(service.Name) && Holds(world.Networks.Single(n => n.Key == u.Network), packet.From))) return true;
        }

        return false;
    }

    /// <summary>Whether a Service leads to a pod, on the port of a packet or on any.</summary>
    private static bool Leads(PolicyService service, PolicyPod pod, Packet? packet)
        => service.Name.Namespace == pod.Name.Namespace && service.Selector.Count > 0
            && service.Selector.All(s => pod.Labels.TryGetValue(s.Key, out string? v) && v == s.Value)
            && service.Ports.Any(p => (p.Target.Number ?? pod.NamedPorts.FirstOrDefault(n => n.Protocol == p.Protocol && n.Name == p.Target.Text)?.Port) is { } target
                && (packet is null || (p.Protocol == packet.Protocol && target == packet.Port)));

    private static bool Holds(PolicyNetwork network, IPAddress address) => network.Cidrs.Any(c => IPNetwork.Parse(c).Contains(address));
}
