using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Policies;

namespace Tenon.Network.Tests.Policies;

/// <summary>What the policies that concern a pod let in and out, in words.</summary>
public sealed class PolicyTableTests
{
    private static LabelSelector Labels(string key, string value) => new() { MatchLabels = new Dictionary<string, string> { [key] = value } };

    private static PolicyPod Pod(string name, string network, string app, params NamespacedName[] uses) => new(new("default", name), network, new Dictionary<string, string> { ["app"] = app })
    {
        NamedPorts = app == "db" ? [new("TCP", "sql", 5432)] : [], Uses = [.. uses],
    };

    private static NetworkPolicy Policy(string name, NetworkPolicySpec spec) => new() { Metadata = new ObjectMeta { Namespace = "default", Name = name }, Spec = spec };

    private static readonly PolicyPod s_db = Pod("db-0", "default/db", "db");

    private static readonly PolicyWorld s_world = new()
    {
        Pods = [s_db, Pod("web-0", "default/web", "web", new NamespacedName("default", "db")), Pod("web-1", "default/web", "web")],
        Namespaces = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["default"] = new Dictionary<string, string> { ["team"] = "a" } },
        Networks = [new("default/db", ["10.1.0.0/24"], Open: false), new("default/web", ["10.2.0.0/24"], Open: true)],
        Services = [new(new("default", "db"), ["10.254.0.5"], [new("TCP", 5432, "sql")]) { Selector = new Dictionary<string, string> { ["app"] = "db" } }],
    };

    private static string[] Lines(PolicyWorld world, PolicyPod pod) => [.. PolicyTable.Of(world, pod).Select(e =>
        $"{e.Direction} | {e.By} | {string.Join("; ", e.Peers.Select(p => p.Pods is { } pods ? $"{p.Text} ({string.Join(' ', pods.Select(n => n.Name))})" : p.Text))} | {string.Join(", ", e.Ports)} | {e.Note}")];

    [Fact]
    public void Without_policies_the_network_decides_and_what_uses_its_Service()
    {
        Lines(s_world, s_db).ShouldBe(
        [
            "ingress | always | nodes | all | probes of the kubelet always pass",
            "ingress | virtual network default/db | virtual network default/db (db-0) | all | no NetworkPolicy isolates it, and the virtual network is Isolated",
            "ingress | Service default/db, which is used | virtual network default/web (web-0 web-1) | TCP 5432 | default/web-0 of that network uses it",
            "egress | no NetworkPolicy | everybody | all | no NetworkPolicy isolates it",
        ]);
        Lines(s_world, s_world.Pods[1])[1..].ShouldBe(
        [
            "ingress | virtual network default/web | everybody | all | no NetworkPolicy isolates it, and the virtual network is Open",
            "egress | no NetworkPolicy | everybody | all | no NetworkPolicy isolates it",
            "egress | uses default/db | pods of Service default/db (db-0) | TCP sql | ",
        ]);
    }

    [Fact]
    public void Policies_replace_the_network_and_are_told_rule_by_rule()
    {
        PolicyWorld world = s_world with
        {
            Policies =
            [
                Policy("shut", new NetworkPolicySpec { PodSelector = Labels("app", "db"), PolicyTypes = ["Ingress", "Egress"] }),
                Policy("db", new NetworkPolicySpec
                {
                    PodSelector = Labels("app", "db"),
                    PolicyTypes = ["Ingress"],
                    Ingress =
                    [
                        new()
                        {
                            From =
                            [
                                new() { PodSelector = Labels("app", "web") }, new() { NamespaceSelector = Labels("team", "a") },
                                new() { PodSelector = new() { MatchExpressions = [new() { Key = "app", Operator = "NotIn", Values = ["web", "x"] }] }, NamespaceSelector = new() },
                                new() { IpBlock = new IPBlock { Cidr = "10.9.0.0/16", Except = ["10.9.1.0/24"] } },
                            ],
                            Ports = [new() { Port = "sql" }, new() { Port = 8000, EndPort = 8010 }, new() { Protocol = "UDP" }, new() { Port = "none" }],
                        },
                        new(),
                    ],
                }),
                Policy("other", new NetworkPolicySpec { PodSelector = Labels("app", "web"), PolicyTypes = ["Ingress"] }),
            ],
        };
        Lines(world, s_db)[1..].ShouldBe(
        [
            "ingress | NetworkPolicy default/db, spec.ingress[0] | pods app=web of namespace default (web-0 web-1); all pods of namespaces team=a (db-0 web-0 web-1); "
                + "pods app notin (web,x) of all namespaces (db-0); 10.9.0.0/16 except 10.9.1.0/24 | TCP sql (5432), TCP 8000-8010, UDP all, TCP none (the pod has none) | ",
            "ingress | NetworkPolicy default/db, spec.ingress[1] | everybody | all | ",
            "ingress | NetworkPolicy default/shut |  |  | isolates, and has no rule that lets anything pass",
            "egress | NetworkPolicy default/shut |  |  | isolates, and has no rule that lets anything pass",
        ]);
    }

    [Fact]
    public void A_use_that_a_policy_takes_away_says_so()
    {
        PolicyWorld world = s_world with { Policies = [Policy("shut", new NetworkPolicySpec { PodSelector = Labels("app", "db"), PolicyTypes = ["Ingress"] })] };
        Lines(world, s_world.Pods[1])[^1].ShouldBe(
            "egress | uses default/db | pods of Service default/db (db-0) | TCP sql | does not reach default/db-0 on TCP 5432: isolated by NetworkPolicy default/shut; no ingress rule of theirs lets it pass");
        Lines(s_world with { Pods = [s_world.Pods[1]] }, s_world.Pods[1])[^1].ShouldEndWith("| no pod is behind it");
    }

    [Fact]
    public void A_range_that_is_none_lets_nothing_pass_and_says_why()
        => Lines(s_world with { Policies = [Policy("bad", new NetworkPolicySpec { PodSelector = new(), PolicyTypes = ["Egress"], Egress = [new() { To = [new() { IpBlock = new IPBlock { Cidr = "10.9" } }] }] })] }, s_db)[^1]
            .ShouldBe("egress | NetworkPolicy default/bad, spec.egress[0] | 10.9 (lets nothing pass: '10.9' is not a CIDR such as 10.0.0.0/8 or fd00::/64) | all | ");
}
