using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Neutron's things that many cases need, made in a case's scratch, and the calls as they are asked for most.</summary>
internal static class Making
{
    public const string Service = "network";

    /// <summary>How long a case may take, in milliseconds: the real services are slow where much else runs.</summary>
    public const int Limit = 300_000;

    /// <summary>An ID that nothing has.</summary>
    public static string Nobody() => Guid.NewGuid().ToString();

    public static Task<Answer> GetAsync(this Wire wire, string path) => wire.GetAsync(Service, "/v2.0/" + path);

    public static Task<Answer> PostAsync(this Wire wire, string path, object body) => wire.PostAsync(Service, "/v2.0/" + path, body);

    public static Task<Answer> PutAsync(this Wire wire, string path, object? body) => wire.PutAsync(Service, "/v2.0/" + path, body);

    /// <summary>A PUT that names the revision that it expects.</summary>
    public static Task<Answer> PutAtAsync(this Wire wire, string path, object? body, string? revision)
        => wire.PutAsync(Service, "/v2.0/" + path, body, $"If-Match: revision_number={revision}");

    public static Task<Answer> DeleteAsync(this Wire wire, string path) => wire.DeleteAsync(Service, "/v2.0/" + path);

    /// <summary>Makes one thing and gives its answer; the attributes are those of the wrapped object.</summary>
    public static Task<Answer> NewAsync(this Scratch scratch, string collection, string singular, object attributes, bool admin = false)
        => scratch.MakeAsync(Service, "/v2.0/" + collection, new Dictionary<string, object> { [singular] = attributes }, admin);

    /// <summary>A network; its ID.</summary>
    public static async Task<string> NetworkAsync(this Scratch scratch)
        => (await scratch.NewAsync("networks", "network", new { name = scratch.Name }))["network/id"]!;

    /// <summary>A subnet with DHCP; its ID.</summary>
    public static async Task<string> SubnetAsync(this Scratch scratch, string network, string cidr = "10.70.0.0/24")
        => (await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr, name = scratch.Name }))["subnet/id"]!;

    /// <summary>A network with a subnet.</summary>
    public static async Task<(string Network, string Subnet)> NetworkWithSubnetAsync(this Scratch scratch, string cidr = "10.70.0.0/24")
    {
        string network = await scratch.NetworkAsync();
        return (network, await scratch.SubnetAsync(network, cidr));
    }

    /// <summary>A port; its ID.</summary>
    public static async Task<string> PortAsync(this Scratch scratch, string network, string? address = null)
    {
        object attributes = address is null
            ? new { network_id = network, name = scratch.Name }
            : new { network_id = network, name = scratch.Name, fixed_ips = new[] { new { ip_address = address } } };
        return (await scratch.NewAsync("ports", "port", attributes))["port/id"]!;
    }

    /// <summary>A security group; its ID.</summary>
    public static async Task<string> GroupAsync(this Scratch scratch, string what = "group")
        => (await scratch.NewAsync("security-groups", "security_group", new { name = scratch.NameOf(what) }))["security_group/id"]!;

    /// <summary>A router with these subnets, and with a gateway where an external network is given; its ID.</summary>
    public static async Task<string> RouterAsync(this Scratch scratch, Wire wire, string? external, params string[] subnets)
    {
        object attributes = external is null
            ? new { name = scratch.Name }
            : new { name = scratch.Name, external_gateway_info = new { network_id = external } };
        string router = (await scratch.NewAsync("routers", "router", attributes))["router/id"]!;
        foreach (string subnet in subnets) await scratch.InterfaceAsync(wire, router, subnet);
        return router;
    }

    /// <summary>Joins a subnet to a router until the case ends.</summary>
    public static async Task<Answer> InterfaceAsync(this Scratch scratch, Wire wire, string router, string subnet)
    {
        Answer added = (await wire.PutAsync($"routers/{router}/add_router_interface", new { subnet_id = subnet })).ShouldBe(200);
        scratch.Undo("interface", () => wire.PutAsync($"routers/{router}/remove_router_interface", new { subnet_id = subnet }));
        return added;
    }

    /// <summary>The cloud's external network.</summary>
    public static async Task<string> ExternalAsync(this Wire wire)
        => (await wire.GetAsync("networks?router:external=true&name=public&fields=id"))["networks/0/id"]!;

    /// <summary>Demands an error in the form that all of Neutron's have: a type, a message and a detail.</summary>
    public static Answer ShouldFail(this Answer answer, int status, string type, string? message = null)
    {
        answer.ShouldBe(status);
        answer["NeutronError/type"].ShouldBe(type, answer.Text);
        answer["NeutronError/detail"].ShouldBe("");
        if (message is not null) answer.Message.ShouldContain(message, Case.Sensitive);
        return answer;
    }

    /// <summary>The values of one attribute, in the order of the list.</summary>
    public static string[] Each(this Answer answer, string list, string attribute) => answer.ShouldBe(200).Texts(list, attribute);

    /// <summary>The same of whatever answer has such a list.</summary>
    public static string[] Texts(this Answer answer, string list, string attribute)
        => [.. answer.List(list).Select(o => o[attribute]?.ToString() ?? "")];

    /// <summary>The names of an object's attributes, in order of the alphabet.</summary>
    public static string[] Names(this Answer answer, string path)
        => [.. answer.At(path)!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal)];

    public static object Route(string destination, string nexthop) => new { destination, nexthop };

    public static object Routes(params object[] routes) => new { router = new { routes } };
}
