using System.Net;
using Tenon.Network.Policies;

namespace Tenon.Network.Tests.Policies;

/// <summary>One attempt to connect: a pod or an address outside at each end.</summary>
internal sealed record Packet(PolicyPod? FromPod, IPAddress From, PolicyPod? ToPod, IPAddress To, string Protocol, int Port)
{
    public override string ToString() => $"{FromPod?.Name.ToString() ?? From.ToString()} -> {ToPod?.Name.ToString() ?? To.ToString()} {Protocol}/{Port}";
}

/// <summary>What security groups let through, as ML2/OVN decides it: a port's rules are those of all its groups, and a group means its ports' addresses.</summary>
internal sealed class GroupFilter(PolicyWorld world, CompiledPolicies compiled)
{
    private readonly Dictionary<string, DesiredGroup> _groups = compiled.Groups.ToDictionary(g => g.Key);
    private readonly Dictionary<PolicyPod, HashSet<string>> _memberships = world.Pods.ToDictionary(p => p, p => compiled.GroupsOf(p).ToHashSet(), ReferenceEqualityComparer.Instance as IEqualityComparer<PolicyPod>);

    public bool Allows(Packet packet) => Leaves(packet) && Enters(packet);

    public bool Leaves(Packet packet)
        => packet.FromPod is not { } pod || Rules(pod).Any(r => r.Direction == RuleDirection.Egress && Covers(r, packet.To, packet.Protocol, packet.Port) && Means(r.Remote, packet.ToPod, packet.To));

    public bool Enters(Packet packet)
        => packet.ToPod is not { } pod || Rules(pod).Any(r => r.Direction == RuleDirection.Ingress && Covers(r, packet.From, packet.Protocol, packet.Port) && Means(r.Remote, packet.FromPod, packet.From));

    private IEnumerable<DesiredRule> Rules(PolicyPod pod) => _memberships[pod].SelectMany(k => _groups[k].Rules);

    private static bool Covers(DesiredRule rule, IPAddress peer, string protocol, int port)
        => rule.V6 == (peer.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)
            && (rule.Protocol is null || (rule.Protocol == protocol && (rule.FirstPort is null || (rule.FirstPort <= port && port <= rule.LastPort))));

    private bool Means(RuleRemote remote, PolicyPod? pod, IPAddress address) => remote switch
    {
        RuleRemote.Any => true,
        RuleRemote.Group group => pod is not null && _memberships[pod].Contains(group.Key),
        RuleRemote.Prefix prefix => IPNetwork.Parse(prefix.Cidr).Contains(address),
        _ => false,
    };
}
