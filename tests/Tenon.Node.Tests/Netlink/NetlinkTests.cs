using System.Net;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Netlink;

/// <summary>The kernel itself answers, in namespaces of the test's own.</summary>
public sealed class NetlinkTests
{
    private const string Mac = "fa:16:3e:01:02:03";

    [Fact]
    public void A_pair_begins_in_both_namespaces_with_what_it_was_given()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create();
        MakePair(host, pod, mtu: 1442);

        Namespaces.LinksIn(host).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            near => near.Name.ShouldBe("near"), near => near.Mtu.ShouldBe(1442), near => near.Kind.ShouldBe("veth"), near => near.IsUp.ShouldBeFalse());
        Namespaces.LinksIn(pod).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            far => far.Name.ShouldBe("eth0"), far => far.MacAddress.ShouldBe(Mac), far => far.Mtu.ShouldBe(1442));
    }

    [Fact]
    public void An_interface_is_set_up_and_marked_at_once()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create();
        MakePair(host, pod);
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        Links.SetUp(socket, Links.Find(socket, "near")!, "tenon abc");

        Links.Find(socket, "near")!.ShouldSatisfyAllConditions(l => l.IsUp.ShouldBeTrue(), l => l.Alias.ShouldBe("tenon abc"));
    }

    [Fact]
    public void Addresses_and_routes_of_both_families_are_there_as_given_and_may_be_given_again()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create();
        MakePair(host, pod);
        using NetlinkSocket near = NetlinkSocket.Open(host), socket = NetlinkSocket.Open(pod);
        Links.SetUp(near, Links.Find(near, "near")!);
        Link link = Links.Find(socket, "eth0")!;
        KernelRoute[] routes =
        [
            new(new IPNetwork(IPAddress.Any, 0), IPAddress.Parse("10.1.0.1"), link.Index),
            new(IPNetwork.Parse("192.0.2.0/24"), IPAddress.Parse("10.1.0.2"), link.Index),
            new(new IPNetwork(IPAddress.IPv6Any, 0), IPAddress.Parse("fd00::1"), link.Index),
            new(IPNetwork.Parse("198.51.100.0/24"), null, link.Index),
        ];
        for (int i = 0; i < 2; i++)
        {
            Links.SetUp(socket, link);
            Addressing.Add(socket, link, IPAddress.Parse("10.1.0.7"), 24);
            Addressing.Add(socket, link, IPAddress.Parse("fd00::7"), 64);
            foreach (KernelRoute route in routes) Addressing.AddRoute(socket, route);
        }

        Addressing.List(socket, link).ShouldContain((IPAddress.Parse("10.1.0.7"), 24));
        Addressing.List(socket, link).ShouldContain((IPAddress.Parse("fd00::7"), 64));
        List<KernelRoute> seen = Addressing.ListRoutes(socket);
        foreach (KernelRoute route in routes) seen.Count(r => r == route).ShouldBe(1, route.ToString());
    }

    [Fact]
    public void What_is_refused_says_what_was_asked_of_which_interface_and_why()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create();
        MakePair(host, pod);
        using NetlinkSocket socket = NetlinkSocket.Open(host);

        NetlinkException taken = Should.Throw<NetlinkException>(() => Links.CreateVeth(socket, new("other"), new("eth0", Namespace: pod), 0));
        taken.Error.ShouldBe(NetlinkException.Exists);
        taken.Message.ShouldContain("other and eth0");
        taken.Message.ShouldContain("errno 17");
        NetlinkException unreachable = Should.Throw<NetlinkException>(
            () => Addressing.AddRoute(socket, new(IPNetwork.Parse("192.0.2.0/24"), IPAddress.Parse("10.9.9.9"), Links.Find(socket, "near")!.Index)));
        unreachable.Message.ShouldContain("192.0.2.0/24");
        Namespaces.LinksIn(host).Select(l => l.Name).ShouldBe(["near"]);
    }

    [Fact]
    public void An_interface_that_is_not_there_is_found_by_nobody_and_deleted_without_harm()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create();
        MakePair(host, pod);
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        Links.Find(socket, "nobody").ShouldBeNull();
        Links.Delete(socket, "near");
        Links.Delete(socket, "near");
        Namespaces.LinksIn(host).ShouldBeEmpty();
        Namespaces.LinksIn(pod).ShouldBeEmpty();
    }

    [Fact]
    public void A_list_longer_than_one_answer_is_read_whole()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create();
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        for (int i = 0; i < 100; i++) Links.CreateVeth(socket, new($"a{i}"), new($"b{i}", Namespace: host), 0);
        Namespaces.LinksIn(host).Count.ShouldBe(200);
    }

    [Fact]
    public void Checksums_are_left_to_nobody_once_offload_is_off()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create();
        MakePair(host, pod);
        host.Run(() => Offloads.TurnOff("near"));
        Should.Throw<NetlinkException>(() => host.Run(() => Offloads.TurnOff("nobody"))).Message.ShouldContain("nobody");
    }

    [Fact]
    public void A_vlan_of_the_kernel_begins_in_the_pod_or_the_kernel_is_known_to_have_none()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create(), pod = Namespaces.Create(), other = Namespaces.Create();
        MakePair(host, other);
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        Link parent = Links.Find(socket, "near")!;
        if (!Links.HasVlans(socket))
        {
            Should.Throw<NetlinkException>(() => Links.CreateVlan(socket, parent, 7, new("eth0", Mac, pod), 0)).Error.ShouldBe(NetlinkException.NotSupported);
            Namespaces.LinksIn(pod).ShouldBeEmpty();
            return;
        }

        Links.CreateVlan(socket, parent, 7, new("eth0", Mac, pod), 1400);
        Namespaces.LinksIn(pod).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            l => l.Kind.ShouldBe("vlan"), l => l.MacAddress.ShouldBe(Mac), l => l.Mtu.ShouldBe(1400));
    }

    [Fact]
    public void A_path_that_is_no_network_namespace_is_known_for_it()
    {
        Namespaces.Require();
        using NetworkNamespace host = Namespaces.Create();
        NetworkNamespace.TryOpen("/proc/self/status").ShouldBeNull();
        NetworkNamespace.TryOpen("/proc/self/ns/mnt").ShouldBeNull();
        NetworkNamespace.TryOpen("/run/netns/there-is-none").ShouldBeNull();
        using NetworkNamespace? again = NetworkNamespace.TryOpen(Namespaces.PathOf(host));
        again.ShouldNotBeNull();
    }

    private static void MakePair(NetworkNamespace host, NetworkNamespace pod, int mtu = 0)
    {
        using NetlinkSocket socket = NetlinkSocket.Open(host);
        Links.CreateVeth(socket, new("near"), new("eth0", Mac, pod), mtu);
    }
}
