using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Tests.Discovery;

public class DefaultsPlannerTests
{
    private static readonly CloudFailure Forbidden = new("Neutron forbids it: not allowed", "Give the user the role member on the project.", false);

    private static readonly ObservedCloud Simple = new()
    {
        Regions = ["RegionOne"],
        HasLoadBalancing = true,
        Networks = Listing<Network>.Of(new Network { Id = "ext-1", Name = "public", External = true }, new Network { Id = "net-1", Name = "private" }),
        Subnets = Listing<Subnet>.Of(SubnetOf("sub-1", "net-1", "10.0.0.0/24", "10.0.0.1"), SubnetOf("sub-x", "net-x", "10.9.0.0/24", "10.9.0.1")),
        Routers = Listing<Router>.Of(RouterOf("r-1", "main", "ext-1")),
        Ports = Listing<Port>.Of(Interface("r-1", "sub-1", "10.0.0.1"), Machine("s-1", "sub-1", "10.0.0.5"), Machine("s-2", "sub-1", "10.0.0.6")),
        Providers = Listing<Provider>.Of(new Provider("amphora", ""), new Provider("ovn", "")),
    };

    private static readonly ObservedCluster Two = new() { Nodes = [new("n1", "s-1", ["10.0.0.5"]), new("n2", "s-2", ["10.0.0.6"])] };

    [Fact]
    public void With_credentials_only_everything_is_found_and_said()
    {
        Defaults defaults = DefaultsPlanner.Choose(Config(), Simple, Two);
        defaults.Problems.ShouldBeEmpty();
        defaults.Choices.Select(c => (c.Option, c.Value)).ShouldBe(
        [
            ("[Global] region", "RegionOne"), ("[LoadBalancer] subnet-id", "sub-1"), ("[Route] router-id", "r-1"),
            ("[LoadBalancer] floating-network-id", "ext-1"), ("[LoadBalancer] lb-provider", "ovn"), ("[LoadBalancer] lb-method", "SOURCE_IP_PORT"),
        ]);
        defaults.Choices.ShouldAllBe(c => c.Why.Length > 0);
        (defaults.Config.Global.Region, defaults.Config.LoadBalancer.FloatingNetworkId).ShouldBe(("RegionOne", "ext-1"));
        defaults.NodeSubnetIds.ShouldBe(["sub-1"]);
        defaults.FoundRouterId.ShouldBe("r-1");
    }

    [Fact]
    public void What_is_configured_is_kept_and_not_listed_as_a_choice()
    {
        Defaults defaults = DefaultsPlanner.Choose(Config("""
            [LoadBalancer]
            lb-provider = amphora
            lb-method = LEAST_CONNECTIONS
            """, "region = RegionOne"), Simple, Two);
        defaults.Problems.ShouldBeEmpty();
        defaults.Choices.ShouldNotContain(c => c.Option.Contains("lb-") || c.Option.Contains("region"));
        defaults.Config.LoadBalancer.LbMethod.ShouldBe("LEAST_CONNECTIONS");
    }

    [Fact]
    public void Without_nodes_the_servers_tell_the_subnet()
        => DefaultsPlanner.Choose(Config(), Simple, new()).NodeSubnetIds.ShouldBe(["sub-1"]);

    [Theory]
    [InlineData("[LoadBalancer]\nlb-method = ROUND_ROBIN")]
    [InlineData("[LoadBalancer]\nflavor-id = f1")]
    [InlineData("[LoadBalancer]\navailability-zone = z1")]
    [InlineData("[LoadBalancer]\ndefault-tls-container-ref = https://keys.example.com/v1/secrets/1")]
    public void An_option_that_ovn_lacks_chooses_amphora_and_says_why(string lines)
    {
        Choice choice = DefaultsPlanner.Choose(Config(lines), Simple, Two).Choices.Single(c => c.Option.Contains("lb-provider"));
        choice.Value.ShouldBe("amphora");
        choice.Why.ShouldContain("ovn is enabled but lacks");
    }

    [Fact]
    public void A_service_that_asks_for_http_gets_amphora_and_leaves_ovn_to_the_others()
    {
        Defaults defaults = DefaultsPlanner.Choose(Config(), Simple, Two with { AsksForHttp = ["Service web/shop"] });
        Choice choice = defaults.Choices.Single(c => c.Option.Contains("lb-provider"));
        (choice.Value, choice.Why).ShouldBe(("ovn", "it is enabled and needs no machine of its own; Service web/shop asks for HTTP and gets amphora"));
        (defaults.Config.LoadBalancer.LbProvider, defaults.Config.LoadBalancer.LbMethod).ShouldBe((null, null), "each Service is given the provider that serves it");
        defaults.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void Of_several_external_networks_the_default_one_is_taken()
    {
        ObservedCloud cloud = Simple with
        {
            Routers = Listing<Router>.Of(),
            Networks = Listing<Network>.Of(new Network { Id = "ext-1", Name = "a", External = true }, new Network { Id = "ext-2", Name = "b", External = true, IsDefault = true }),
        };
        DefaultsPlanner.Choose(Config(), cloud, Two).Config.LoadBalancer.FloatingNetworkId.ShouldBe("ext-2");
    }

    [Fact]
    public void The_gateways_router_goes_before_others_on_the_subnet()
    {
        ObservedCloud cloud = Simple with
        {
            Routers = Listing<Router>.Of(RouterOf("r-1", "main", "ext-1"), RouterOf("r-2", "side", null)),
            Ports = Listing<Port>.Of([.. Simple.Ports.Items, Interface("r-2", "sub-1", "10.0.0.2")]),
        };
        Defaults defaults = DefaultsPlanner.Choose(Config(), cloud, Two);
        defaults.FoundRouterId.ShouldBe("r-1");
        defaults.Choices.Single(c => c.Option == "[Route] router-id").Why.ShouldContain("gateway");
    }

    /// <summary>Clouds that lack something: what is wrong, severity, the option that decides, words of the message.</summary>
    public static TheoryData<string, ProblemSeverity, string, string> Lacks => new()
    {
        { "several regions", ProblemSeverity.Error, "[Global] region", "RegionOne, RegionTwo" },
        { "no region", ProblemSeverity.Error, "[Global] region", "role on the project" },
        { "region misspelt", ProblemSeverity.Error, "[Global] region", "Did you mean RegionOne?" },
        { "no node and no server", ProblemSeverity.Warning, "[LoadBalancer] subnet-id", "first node joins" },
        { "nodes on two networks", ProblemSeverity.Warning, "[LoadBalancer] subnet-id", "sub-1 (sub-1, 10.0.0.0/24), sub-x" },
        { "subnet misspelt", ProblemSeverity.Error, "[LoadBalancer] subnet-id", "no such subnet" },
        { "no router on the subnet", ProblemSeverity.Warning, "[Route] router-id", "Attach one" },
        { "two routers on the subnet", ProblemSeverity.Warning, "[Route] router-id", "r-2 (side)" },
        { "router misspelt", ProblemSeverity.Error, "[Route] router-id", "no such router" },
        { "router without gateway", ProblemSeverity.Warning, "[LoadBalancer] floating-network-id", "--external-gateway" },
        { "several external networks", ProblemSeverity.Warning, "[LoadBalancer] floating-network-id", "ext-1 (public), ext-2 (public-2)" },
        { "no external network", ProblemSeverity.Warning, "[LoadBalancer] floating-network-id", "internal-lb = true" },
        { "floating network misspelt", ProblemSeverity.Error, "[LoadBalancer] floating-network-id", "no such network" },
        { "floating network not external", ProblemSeverity.Error, "[LoadBalancer] floating-network-id", "is not external" },
        { "no Octavia", ProblemSeverity.Warning, "[LoadBalancer] enabled", "Octavia" },
        { "provider unknown to the cloud", ProblemSeverity.Error, "[LoadBalancer] lb-provider", "amphora, ovn" },
        { "no provider", ProblemSeverity.Warning, "[LoadBalancer] lb-provider", "enable one" },
        { "strange providers", ProblemSeverity.Warning, "[LoadBalancer] lb-provider", "f5, other" },
        { "providers forbidden", ProblemSeverity.Warning, "[LoadBalancer] lb-provider", "amphora is taken" },
        { "ovn alone for HTTP", ProblemSeverity.Warning, "[LoadBalancer] lb-provider", "Service web/shop" },
        { "ovn for HTTP", ProblemSeverity.Warning, "[LoadBalancer] lb-provider", "Service web/shop" },
        { "networks forbidden", ProblemSeverity.Warning, "[LoadBalancer] floating-network-id", "role member" },
        { "ports forbidden", ProblemSeverity.Warning, "[LoadBalancer] subnet-id", "ports cannot be listed" },
        { "routers forbidden", ProblemSeverity.Warning, "[Route] router-id", "routers cannot be listed" },
    };

    [Theory]
    [MemberData(nameof(Lacks))]
    public void What_the_cloud_lacks_is_told_once_with_the_option_that_decides(string what, ProblemSeverity severity, string option, string says)
    {
        (CloudConfig config, ObservedCloud cloud, ObservedCluster cluster) = World(what);
        Defaults defaults = DefaultsPlanner.Choose(config, cloud, cluster);
        Problem problem = defaults.Problems.Where(p => p.Field == option).ShouldHaveSingleItem();
        problem.Severity.ShouldBe(severity);
        problem.ToString().ShouldContain(says);
        problem.Fix.ShouldNotBeEmpty();
    }

    [Fact]
    public void Without_octavia_services_are_off_with_the_reason_and_the_rest_goes_on()
    {
        (CloudConfig config, ObservedCloud cloud, ObservedCluster cluster) = World("no Octavia");
        Defaults defaults = DefaultsPlanner.Choose(config, cloud, cluster);
        defaults.Config.LoadBalancer.Enabled.ShouldBeFalse();
        defaults.LoadBalancersOff!.ShouldContain("Octavia");
        defaults.FoundRouterId.ShouldBe("r-1");
    }

    private static (CloudConfig Config, ObservedCloud Cloud, ObservedCluster Cluster) World(string what) => what switch
    {
        "several regions" => (Config(), Simple with { Regions = ["RegionOne", "RegionTwo"] }, Two),
        "no region" => (Config(), Simple with { Regions = [] }, Two),
        "region misspelt" => (Config(global: "region = RegoinOne"), Simple, Two),
        "no node and no server" => (Config(), Simple with { Ports = Listing<Port>.Of() }, new ObservedCluster()),
        "nodes on two networks" => (Config(), Simple with { Ports = Listing<Port>.Of([.. Simple.Ports.Items, Machine("s-3", "sub-x", "10.9.0.5")]) },
            new ObservedCluster { Nodes = [.. Two.Nodes, new("n3", "s-3", ["10.9.0.5"])] }),
        "subnet misspelt" => (Config("[LoadBalancer]\nsubnet-id = 11111111-1111-1111-1111-111111111111"), Simple, Two),
        "no router on the subnet" => (Config(), Simple with { Routers = Listing<Router>.Of() }, Two),
        "two routers on the subnet" => (Config(), Simple with
        {
            Routers = Listing<Router>.Of(RouterOf("r-1", "main", "ext-1"), RouterOf("r-2", "side", null)),
            Ports = Listing<Port>.Of([Interface("r-1", "sub-1", "10.0.0.3"), Interface("r-2", "sub-1", "10.0.0.2"), Machine("s-1", "sub-1", "10.0.0.5"), Machine("s-2", "sub-1", "10.0.0.6")]),
        }, Two),
        "router misspelt" => (Config("[Route]\nrouter-id = 11111111-1111-1111-1111-111111111111"), Simple, Two),
        "router without gateway" => (Config(), Simple with { Routers = Listing<Router>.Of(RouterOf("r-1", "main", null)) }, Two),
        "several external networks" => (Config(), Simple with
        {
            Routers = Listing<Router>.Of(),
            Networks = Listing<Network>.Of([.. Simple.Networks.Items, new Network { Id = "ext-2", Name = "public-2", External = true }]),
        }, Two),
        "no external network" => (Config(), Simple with { Routers = Listing<Router>.Of(), Networks = Listing<Network>.Of() }, Two),
        "floating network misspelt" => (Config("[LoadBalancer]\nfloating-network-id = 11111111-1111-1111-1111-111111111111"), Simple, Two),
        "floating network not external" => (Config("[LoadBalancer]\nfloating-network-id = aaaaaaaa-1"), Simple with
        {
            Networks = Listing<Network>.Of([.. Simple.Networks.Items, new Network { Id = "aaaaaaaa-1", Name = "inner" }]),
        }, Two),
        "no Octavia" => (Config(), Simple with { HasLoadBalancing = false }, Two),
        "provider unknown to the cloud" => (Config("[LoadBalancer]\nlb-provider = f5"), Simple, Two),
        "no provider" => (Config(), Simple with { Providers = Listing<Provider>.Of() }, Two),
        "strange providers" => (Config(), Simple with { Providers = Listing<Provider>.Of(new Provider("f5", ""), new Provider("other", "")) }, Two),
        "providers forbidden" => (Config(), Simple with { Providers = Listing<Provider>.Failed(Forbidden) }, Two),
        "ovn alone for HTTP" => (Config(), Simple with { Providers = Listing<Provider>.Of(new Provider("ovn", "")) }, Two with { AsksForHttp = ["Service web/shop"] }),
        "ovn for HTTP" => (Config("[LoadBalancer]\nlb-provider = ovn"), Simple, Two with { AsksForHttp = ["Service web/shop"] }),
        "networks forbidden" => (Config(), Simple with { Networks = Listing<Network>.Failed(Forbidden) }, Two),
        "ports forbidden" => (Config(), Simple with { Ports = Listing<Port>.Failed(Forbidden) }, Two),
        "routers forbidden" => (Config(), Simple with { Routers = Listing<Router>.Failed(Forbidden) }, Two),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "unknown world"),
    };

    private static CloudConfig Config(string lines = "", string global = "")
        => CloudConfig.Parse($"[Global]\nauth-url = http://cloud\nuser-id = u\npassword = p\ntenant-id = t\n{global}\n{lines}\n").Config.ShouldNotBeNull();

    private static Subnet SubnetOf(string id, string network, string cidr, string gateway) => new() { Id = id, Name = id, NetworkId = network, Cidr = cidr, GatewayIp = gateway };

    private static Router RouterOf(string id, string name, string? external) => new() { Id = id, Name = name, Gateway = external is null ? null : new ExternalGateway(external, [], true) };

    private static Port Interface(string router, string subnet, string address)
        => new() { Id = $"if-{router}-{address}", DeviceId = router, DeviceOwner = "network:router_interface", FixedIps = [new(subnet, address)] };

    private static Port Machine(string server, string subnet, string address)
        => new() { Id = $"port-{server}", DeviceId = server, DeviceOwner = "compute:az1", FixedIps = [new(subnet, address)] };
}
