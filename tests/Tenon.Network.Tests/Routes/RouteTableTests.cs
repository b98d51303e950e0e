using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Routes;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Routes;

/// <summary>The routing table that a pod sees.</summary>
public sealed class RouteTableTests
{
    private const string Router = "router-id";

    private static VirtualNetwork Network(string name, string? router, params VirtualSubnet[] subnets) => new()
    {
        Metadata = new ObjectMeta { Namespace = name == "services" ? "kube-system" : "default", Name = name },
        Status = new VirtualNetworkStatus { NetworkId = $"{name}-id", RouterId = router, Subnets = subnets },
    };

    private static VirtualSubnet Subnet(string cidr, string? gateway) => new() { Id = $"subnet {cidr}", Cidr = cidr, Gateway = gateway };

    private static PodPort Port(PodPortAddress address, params PodPortRoute[] routes) => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "nginx-0" },
        Spec = new PodPortSpec { Network = "default/nginx", PortId = "port", Addresses = [address], Routes = routes },
        Status = new PodPortStatus { InterfaceName = "eth0" },
    };

    private static readonly PodPortAddress s_address = new() { Address = "10.150.0.7/20", Gateway = "10.150.0.1" };

    private static RouteSources Sources(string? router = Router) => new()
    {
        Networks =
        [
            Network("nginx", router, Subnet("10.150.0.0/20", "10.150.0.1")), Network("leonardo", Router, Subnet("10.150.16.0/20", "10.150.16.1")),
            Network("alone", null, Subnet("10.99.0.0/24", null)), Network("services", Router, Subnet("10.254.0.0/16", "10.254.255.254")),
        ],
        VirtualIps = [new(new("default", "ftleonardo"), "10.254.98.15", [new("TCP", 8000, ["10.150.16.5:8000", "10.150.16.6:8000"]), new("UDP", 53, [])])],
        Router = new(
            new Router
            {
                Id = Router, Name = "edge", Routes = [new("192.168.0.0/16", "10.0.100.9")], Gateway = new("public-id", [new(SubnetId: "p", IpAddress: "172.24.4.8")], true),
            },
            [new("vm", "10.0.100.0/24", "leonardodb"), new("subnet 10.150.16.0/20", "10.150.16.0/20", "kubernetes leonardo")],
            "public"),
    };

    private static string[] Lines(PodPort port, RouteSources sources)
        => [.. RouteTable.Of(port, sources).Select(r => $"{r.Destination} {r.NextHop ?? "-"} {r.Interface} {r.Kind}: {r.Through}")];

    [Fact]
    public void All_that_the_router_joins_is_behind_the_gateway_and_the_most_particular_comes_first()
        => Lines(Port(s_address), Sources()).ShouldBe(
        [
            "10.254.98.15/32 10.150.0.1 eth0 Service: router edge to Service default/ftleonardo: TCP 8000 at 10.150.16.5:8000, 10.150.16.6:8000; UDP 53 at nothing that is ready",
            "10.0.100.0/24 10.150.0.1 eth0 CloudNetwork: router edge to network leonardodb",
            "10.150.0.0/20 - eth0 Own: virtual network default/nginx",
            "10.150.16.0/20 10.150.0.1 eth0 VirtualNetwork: router edge to virtual network default/leonardo",
            "10.254.0.0/16 10.150.0.1 eth0 VirtualNetwork: router edge to virtual network kube-system/services",
            "192.168.0.0/16 10.150.0.1 eth0 Static: router edge to 10.0.100.9, by an extra route",
            "0.0.0.0/0 10.150.0.1 eth0 Default: router edge to network public, as 172.24.4.8",
        ]);

    [Fact]
    public void A_Service_without_a_ready_endpoint_is_said_not_to_answer()
    {
        RouteSources sources = Sources() with { VirtualIps = [new(new("default", "idle"), "10.254.0.9", [new("TCP", 80, []), new("UDP", 53, [])]), .. Sources().VirtualIps] };
        IReadOnlyList<PodRoute> routes = RouteTable.Of(Port(s_address), sources);
        PodRoute idle = routes.Single(r => r.Destination == "10.254.0.9/32");
        (idle.Answers, idle.Through).ShouldBe((false, "router edge to Service default/idle, which does not answer: none of its endpoints is ready"));
        routes.Where(r => r != idle).ShouldAllBe(r => r.Answers);
    }

    [Fact]
    public void A_network_without_router_or_gateway_reaches_itself()
    {
        Lines(Port(s_address with { Gateway = null }), Sources(router: null)).ShouldBe(["10.150.0.0/20 - eth0 Own: virtual network default/nginx"]);
        Lines(Port(s_address), Sources(router: null)).ShouldBe(
            ["10.150.0.0/20 - eth0 Own: virtual network default/nginx", "0.0.0.0/0 10.150.0.1 eth0 Default: a gateway of which nothing is known"]);
    }

    [Fact]
    public void What_has_a_route_of_its_own_does_not_go_to_the_gateway()
    {
        string[] lines = Lines(Port(s_address, new PodPortRoute { Destination = "10.150.16.0/20", NextHop = "10.150.0.9" }), Sources());
        lines.Where(l => l.StartsWith("10.150.16.", StringComparison.Ordinal)).ShouldBe(["10.150.16.0/20 10.150.0.9 eth0 Static: virtual network default/nginx, by a route of its subnet"]);
        Lines(Port(s_address, new PodPortRoute { Destination = "0.0.0.0/0", NextHop = "10.150.0.9" }), Sources()).ShouldBe(
            ["10.150.0.0/20 - eth0 Own: virtual network default/nginx", "0.0.0.0/0 10.150.0.9 eth0 Static: virtual network default/nginx, by a route of its subnet"]);
    }

    [Fact]
    public void Families_do_not_mix_and_what_the_cloud_was_not_asked_is_not_told()
    {
        PodPort port = Port(s_address);
        port = port with { Spec = port.Spec with { Addresses = [s_address, new() { Address = "fd00:1::7/64", Gateway = "fd00:1::1" }] }, Status = null };
        RouteSources sources = Sources() with
        {
            Router = null,
            Networks = [Network("nginx", Router, Subnet("10.150.0.0/20", "10.150.0.1"), Subnet("fd00:1::/64", "fd00:1::1")), Network("leonardo", Router, Subnet("fd00:2::/64", "fd00:2::1"))],
        };
        Lines(port, sources).ShouldBe(
        [
            "10.150.0.0/20 -  Own: virtual network default/nginx",
            $"0.0.0.0/0 10.150.0.1  Default: router {Router}",
            "fd00:1::/64 -  Own: virtual network default/nginx",
            $"fd00:2::/64 fd00:1::1  VirtualNetwork: router {Router} to virtual network default/leonardo",
            $"::/0 fd00:1::1  Default: router {Router}",
        ]);
    }
}
