using Tenon.OpenStack.LoadBalancing;

namespace Tenon.LoadBalancing.Tests;

/// <summary>Load balancers as tests want them.</summary>
internal static class Examples
{
    public const string Name = "kube_service_kubernetes_default_web";

    public static MemberTargets Nodes(int count) => new(Enumerable.Range(1, count).Select(i => new MemberTarget($"node-{i}", $"10.0.0.{i}", "subnet")));

    public static DesiredListener Listener(int port, string protocol = "TCP", int index = 0, int nodes = 2, int nodePort = 30000, string owner = Name) => new()
    {
        Name = $"listener_{index}_{owner}",
        Protocol = protocol,
        Port = port,
        Timeouts = new(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(50), TimeSpan.Zero),
        AllowedCidrs = ["0.0.0.0/0"],
        Pool = new DesiredPool
        {
            Name = $"pool_{index}_{owner}", Protocol = protocol is "TERMINATED_HTTPS" ? "HTTP" : protocol, Algorithm = "ROUND_ROBIN", Members = MemberSet.Uniform(Nodes(nodes), nodePort + port),
        },
    };

    public static DesiredMonitor Monitor(int index = 0, string type = "TCP") => new()
    {
        Name = $"monitor_{index}_{Name}", Type = type, Delay = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromSeconds(3), MaxRetries = 1, MaxRetriesDown = 3,
    };

    public static DesiredLoadBalancer Owner(string service = "web", params DesiredListener[] listeners)
    {
        string name = $"kube_service_kubernetes_default_{service}";
        return new DesiredLoadBalancer
        {
            Name = name,
            OwnerTag = name,
            FormerNames = [$"a-uid-of-{service}"],
            RenamableSuffix = $"_default_{service}",
            Description = $"Kubernetes external service default/{service} from cluster kubernetes",
            UnwantedTagPrefix = "tenon.orphan=",
            Vip = new VipPlacement { SubnetId = "subnet" },
            Listeners = [.. listeners],
            FloatingIp = new DesiredFloatingIp { NetworkId = "public", Description = $"Floating IP for Kubernetes external service default/{service} from cluster kubernetes" },
            OwnFloatingIpPrefix = $"Floating IP for Kubernetes external service default/{service} from cluster ",
            SecurityGroupNames = [$"lb-sg-uid-default-{service}"],
        };
    }

    public static LoadBalancerDeletion Deletion(DesiredLoadBalancer owner, bool cascade = true, params string[] others)
        => new() { Owner = owner, Cascade = cascade, IsNameOfOther = others.Contains };

    /// <summary>A load balancer that a user made, with a listener of HTTP:80.</summary>
    public static ObservedLoadBalancer UsersLoadBalancer() => new(
        new LoadBalancer { Id = "users", Name = "test_shared_user_lb", ProvisioningStatus = ProvisioningStatus.Active, VipAddress = "10.0.0.50", VipPortId = "users-vip", Provider = "amphora" },
        [new Listener { Id = "users-listener", Name = "web", Protocol = "HTTP", ProtocolPort = 80, LoadBalancerId = "users" }], []);
}
