using Tenon.Kubernetes.Objects;
using Tenon.Network.Policies;

namespace Tenon.Network.Tests.Policies;

/// <summary>A cluster made up from a seed, and one random change after another to it.</summary>
internal sealed class RandomWorld
{
    private static readonly string[] s_spaces = ["blue", "green", "red"];
    private static readonly string[] s_apps = ["web", "api", "db"];
    private static readonly string[] s_tiers = ["front", "back"];
    private readonly Random _random;
    private int _pods;
    private int _policies;

    public RandomWorld(int seed)
    {
        _random = new(seed);
        World = new()
        {
            Namespaces = s_spaces.ToDictionary(s => s, s => (IReadOnlyDictionary<string, string>)Labels(("name", s), ("team", Pick("a", "b")))),
            Networks = [new("open", ["10.1.0.0/16"], true) { Routed = ["203.0.113.0/28"] }, new("closed", ["10.2.0.0/16"], false), new("other", ["10.3.0.0/16"], false)],
            NodeAddresses = ["10.9.0.1", "10.9.0.2"],
            Services =
            [
                new(new("blue", "web"), ["10.254.0.1"], [new("TCP", 80, "http"), new("UDP", 53, 53)]) { Selector = Labels(("app", "web")), External = true },
                new(new("green", "db"), ["10.254.0.2"], [new("TCP", 5432, 5432)]) { Selector = Labels(("app", "db"), ("tier", "back")) },
                new(new("red", "api"), ["10.254.0.3"], [new("TCP", 443, "http")]) { Selector = Labels(("app", "api")), External = true, SourceRanges = ["198.51.100.0/25"] },
            ],
        };
        int pods = _random.Next(4, 12);
        for (int i = 0; i < pods; i++) AddPod();
        int policies = _random.Next(0, 6);
        for (int i = 0; i < policies; i++) AddPolicy();
    }

    public PolicyWorld World { get; private set; }

    public string LastChange { get; private set; } = "the beginning";

    /// <summary>One change, of a kind that happens in a cluster.</summary>
    public void Change()
    {
        switch (_random.Next(6))
        {
            case 0: AddPod(); break;
            case 1: AddPolicy(); break;
            case 2 when World.Pods.Count > 2:
                LastChange = $"{World.Pods[0].Name} goes";
                World = World with { Pods = [.. World.Pods.Skip(1)] };
                break;
            case 3 when World.Policies.Count > 0:
                LastChange = $"{World.Policies[0].Metadata.Name} goes";
                World = World with { Policies = [.. World.Policies.Skip(1)] };
                break;
            case 4:
                string space = Pick(s_spaces);
                LastChange = $"namespace {space} is relabelled";
                World = World with
                {
                    Namespaces = World.Namespaces.ToDictionary(n => n.Key, n => n.Key == space ? Labels(("name", space), ("team", Pick("a", "b"))) : n.Value),
                };
                break;
            default:
                PolicyPod pod = World.Pods[_random.Next(World.Pods.Count)];
                LastChange = $"{pod.Name} is relabelled";
                World = World with { Pods = [.. World.Pods.Select(p => ReferenceEquals(p, pod) ? p with { Labels = PodLabels() } : p)] };
                break;
        }
    }

    private void AddPod()
    {
        int n = ++_pods;
        PolicyNetwork network = World.Networks[_random.Next(World.Networks.Count)];
        LastChange = $"pod-{n} comes";
        World = World with
        {
            Pods =
            [
                .. World.Pods,
                new(new(Pick(s_spaces), $"pod-{n}"), network.Key, PodLabels())
                {
                    Addresses = [network.Cidrs[0].Replace("0.0/16", $"0.{n}", StringComparison.Ordinal)],
                    NamedPorts = _random.Next(3) == 0 ? [] : [new("TCP", "http", _random.Next(2) == 0 ? 80 : 8080), new("UDP", "dns", 53)],
                    Uses = _random.Next(3) == 0 ? [World.Services[_random.Next(World.Services.Count)].Name] : [],
                },
            ],
        };
    }

    private void AddPolicy()
    {
        string name = $"policy-{++_policies}";
        LastChange = $"{name} comes";
        string[][] types = [[], ["Ingress"], ["Egress"], ["Ingress", "Egress"]];
        var policy = new NetworkPolicy
        {
            Metadata = new() { Namespace = Pick(s_spaces), Name = name },
            Spec = new()
            {
                PodSelector = Selector(),
                PolicyTypes = types[_random.Next(types.Length)],
                Ingress = [.. Some(0, 3).Select(_ => new NetworkPolicyIngressRule { Ports = Ports(), From = Peers() })],
                Egress = [.. Some(0, 3).Select(_ => new NetworkPolicyEgressRule { Ports = Ports(), To = Peers() })],
            },
        };
        World = World with { Policies = [.. World.Policies, policy] };
    }

    private IReadOnlyList<NetworkPolicyPort> Ports() => [.. Some(0, 2).Select(_ => _random.Next(6) switch
    {
        0 => new NetworkPolicyPort { Protocol = "TCP", Port = 80 },
        1 => new NetworkPolicyPort { Port = 400, EndPort = 8079 },
        2 => new NetworkPolicyPort { Protocol = "TCP", Port = "http" },
        3 => new NetworkPolicyPort { Protocol = "UDP", Port = "dns" },
        4 => new NetworkPolicyPort { Protocol = Pick("TCP", "UDP", "SCTP") },
        _ => new NetworkPolicyPort { Protocol = "SCTP", Port = 5432 },
    })];

    private IReadOnlyList<NetworkPolicyPeer> Peers() => [.. Some(0, 2).Select(_ => _random.Next(5) switch
    {
        0 => new NetworkPolicyPeer { PodSelector = Selector() },
        1 => new NetworkPolicyPeer { NamespaceSelector = SpaceSelector() },
        2 => new NetworkPolicyPeer { NamespaceSelector = SpaceSelector(), PodSelector = Selector() },
        3 => new NetworkPolicyPeer { IpBlock = new() { Cidr = Pick("0.0.0.0/0", "198.51.100.0/24", "10.2.0.0/16") , Except = [.. Some(0, 2).Select(_ => Pick("10.2.0.0/28", "198.51.100.128/25", "10.1.0.3/32"))] } },
        _ => new NetworkPolicyPeer { IpBlock = new() { Cidr = "2001:db8::/32" } },
    })];

    private LabelSelector SpaceSelector() => _random.Next(3) switch
    {
        0 => new(),
        1 => new() { MatchLabels = Labels(("team", Pick("a", "b"))) },
        _ => new() { MatchExpressions = [new() { Key = "name", Operator = Pick("In", "NotIn"), Values = [Pick(s_spaces)] }] },
    };

    private LabelSelector Selector() => _random.Next(6) switch
    {
        0 => new(),
        1 => new() { MatchLabels = Labels(("app", Pick(s_apps))) },
        2 => new() { MatchLabels = Labels(("app", Pick(s_apps)), ("tier", Pick(s_tiers))) },
        3 => new() { MatchExpressions = [new() { Key = "app", Operator = Pick("In", "NotIn"), Values = [Pick(s_apps), Pick(s_apps)] }] },
        4 => new() { MatchExpressions = [new() { Key = Pick("tier", "canary"), Operator = Pick("Exists", "DoesNotExist") }] },
        _ => new() { MatchLabels = Labels(("tier", Pick(s_tiers))), MatchExpressions = [new() { Key = "canary", Operator = "DoesNotExist" }] },
    };

    private IReadOnlyDictionary<string, string> PodLabels()
    {
        var labels = new Dictionary<string, string> { ["unique"] = $"{_random.Next()}" };
        if (_random.Next(5) > 0) labels["app"] = Pick(s_apps);
        if (_random.Next(3) > 0) labels["tier"] = Pick(s_tiers);
        if (_random.Next(4) == 0) labels["canary"] = "yes";
        return labels;
    }

    private IEnumerable<int> Some(int least, int most) => Enumerable.Range(0, _random.Next(least, most + 1));

    private string Pick(params string[] of) => of[_random.Next(of.Length)];

    private static Dictionary<string, string> Labels(params (string Key, string Value)[] labels) => labels.ToDictionary(l => l.Key, l => l.Value);
}
