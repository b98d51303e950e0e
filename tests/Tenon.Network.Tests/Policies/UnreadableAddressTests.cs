using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Policies;

namespace Tenon.Network.Tests.Policies;

/// <summary>One object that names something else than an address must not keep the policies of all pods from being carried out.</summary>
public sealed class UnreadableAddressTests
{
    private static readonly Service s_service = new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "outside" },
        Spec = new ServiceSpec { ClusterIP = "10.96.0.9", Ports = [new ServicePort { Port = 443, Protocol = "TCP" }] },
    };

    private static readonly NetworkPolicy s_isolating = new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "isolating" },
        Spec = new NetworkPolicySpec { PolicyTypes = ["Egress"], Egress = [new() { To = [new() { IpBlock = new() { Cidr = "192.0.2.0/24" } }] }] },
    };

    private static EndpointSlice Slice(string type, string address) => new()
    {
        AddressType = type, Endpoints = [new Endpoint { Addresses = [address] }], Ports = [new EndpointPort { Port = 443, Protocol = "TCP" }],
    };

    private static PolicyWorld World(EquatableArray<PolicyEndpoint> endpoints, params string[] nodes) => new()
    {
        Pods = [new(new("default", "a"), "default/blue", new Dictionary<string, string>())],
        Networks = [new("default/blue", ["10.0.0.0/16"], true)],
        Policies = [s_isolating],
        Services = [PolicySources.Of(s_service, endpoints)!],
        NodeAddresses = nodes,
    };

    [Fact]
    public void The_names_of_an_fqdn_slice_are_no_endpoints()
    {
        PolicySources.EndpointsOf(Slice("FQDN", "db.example"), s_service).ShouldBeEmpty();
        PolicySources.EndpointsOf(Slice("IPv4", "192.0.2.7"), s_service).ShouldHaveSingleItem().Address.ShouldBe("192.0.2.7");
    }

    [Fact]
    public void A_wrong_address_is_left_out_with_a_word_about_whose_it_is()
    {
        CompiledPolicies right = PolicyCompiler.Compile(World([new("192.0.2.7", "TCP", 443, 443)], "10.0.0.1"));
        CompiledPolicies odd = PolicyCompiler.Compile(World([new("192.0.2.7", "TCP", 443, 443), new("db.example", "TCP", 443, 443)], "10.0.0.1", "worker"));
        odd.Groups.ShouldBe(right.Groups);
        right.Problems.ShouldBeEmpty();
        odd.Problems.Select(p => (p.Field, p.Value)).ShouldBe([("Node: status.addresses", "worker"), ("EndpointSlice of Service default/outside: endpoints.addresses", "db.example")]);
    }

    [Fact]
    public void A_service_whose_source_ranges_cannot_be_read_lets_nobody_in_from_outside()
    {
        PolicyWorld world = World([]) with { Policies = [], Networks = [new("default/blue", ["10.0.0.0/16"], false)] };
        PolicyService outside = world.Services[0] with { Selector = new Dictionary<string, string> { ["app"] = "a" }, External = true, SourceRanges = ["10.0.0.0/99"] };
        CompiledPolicies odd = PolicyCompiler.Compile(world with
        {
            Pods = [new(new("default", "a"), "default/blue", new Dictionary<string, string> { ["app"] = "a" })], Services = [outside],
        });
        odd.Problems.ShouldHaveSingleItem().Value.ShouldBe("10.0.0.0/99");
        odd.Groups.SelectMany(g => g.Rules).ShouldNotContain(r => r.Direction == RuleDirection.Ingress && r.Remote is RuleRemote.Any);
    }
}
