using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Lists: filters, order, fields, pages.</summary>
public sealed class ListCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_filter_may_be_repeated_and_matches_any_of_its_values(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        foreach (string n in new[] { "a", "b", "c" }) await scratch.NewAsync("networks", "network", new { name = scratch.NameOf(n) });
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("a")}&name={scratch.NameOf("c")}&fields=name&sort_key=name&sort_dir=asc"))
            .Each("networks", "name").ShouldBe([scratch.NameOf("a"), scratch.NameOf("c")]);
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("a")}&name={scratch.NameOf("c")}&fields=name&sort_key=name&sort_dir=desc"))
            .Each("networks", "name").ShouldBe([scratch.NameOf("c"), scratch.NameOf("a")]);
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("a")}&status=ACTIVE&admin_state_up=true&shared=False&router:external=0&mtu=1442")).List("networks").Count.ShouldBe(1);
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("a")}&router:external=true")).List("networks").ShouldBeEmpty();
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("a")}&project_id={cloud.Member.ProjectId}")).List("networks").Count.ShouldBe(1);
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("a")}&project_id={cloud.Admin.ProjectId}")).List("networks").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A filter with an empty value finds what has an empty value. It is dropped, and everything is found")]
    public async Task An_empty_filter_asks_for_nothing(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        await scratch.NewAsync("ports", "port", new { network_id = network, name = scratch.Name, device_id = scratch.Name });
        (await cloud.Member.GetAsync($"ports?network_id={network}&name={scratch.Name}&device_id=&fixed_ips=&description=")).List("ports").Count.ShouldBe(1);
        (await cloud.Member.GetAsync($"networks?name={scratch.Name}&id=&tags=")).List("networks").Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Names and states are compared exactly. The database compares them without regard to case")]
    public async Task Filters_do_not_tell_cases_apart(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        await scratch.NetworkAsync();
        (await cloud.Member.GetAsync($"networks?name={scratch.Name.ToUpperInvariant()}&status=active&fields=name")).Each("networks", "name").ShouldBe([scratch.Name]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_unknown_filter_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("networks?foo=bar")).ShouldFail(400, "HTTPBadRequest", "['foo'] is invalid attribute for filtering");
        (await cloud.Member.GetAsync("floatingips?name=x")).ShouldFail(400, "HTTPBadRequest", "['name'] is invalid attribute for filtering");
        (await cloud.Member.GetAsync("ports?foo=1&bar=2")).ShouldFail(400, "HTTPBadRequest", "['foo', 'bar'] is invalid attribute for filtering");
        (await cloud.Member.GetAsync("security-group-rules?tags=a")).ShouldFail(400, "HTTPBadRequest", "['tags'] is invalid attribute for filtering");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Whatever a resource shows can be filtered by. Of routers and trunks the status cannot, of ports neither the security nor the time")]
    public async Task Not_everything_shown_can_be_filtered_by(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        foreach (string question in new[]
                 {
                     "routers?status=ACTIVE", "trunks?status=ACTIVE", "ports?port_security_enabled=true", "ports?created_at=x", "ports?binding:vnic_type=normal",
                     "ports?changed_since=2020-01-01T00:00:00", "subnets?dns_nameservers=8.8.8.8", "networks?subnets=x", "security-groups?stateful=true",
                     "floatingips?dns_name=x",
                 })
            (await cloud.Member.GetAsync(question)).ShouldFail(400, "HTTPBadRequest", "is invalid attribute for filtering");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_filter_s_value_must_be_of_its_attribute_s_type(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("networks?admin_state_up=nonsense")).ShouldFail(400, "InvalidInput", "'nonsense' cannot be converted to boolean");
        (await cloud.Member.GetAsync("subnets?ip_version=x")).ShouldFail(400, "InvalidInput", "'x' is not an integer");
        (await cloud.Member.GetAsync("ports?fixed_ips=10.0.0.10")).ShouldFail(400, "InvalidInput", "'10.0.0.10' is not of the form <key>=[value]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Order_needs_a_key_and_a_direction_each(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("networks?sort_key=name")).ShouldFail(400, "HTTPBadRequest", "The number of sort_keys and sort_dirs must be same");
        (await cloud.Member.GetAsync("networks?sort_key=foo&sort_dir=asc")).ShouldFail(400, "HTTPBadRequest", "['foo'] is invalid attribute for sort_keys");
        (await cloud.Member.GetAsync("networks?sort_key=name&sort_dir=up")).ShouldFail(400, "HTTPBadRequest", "['up'] is invalid value for sort_dirs");
        (await cloud.Member.GetAsync("ports?sort_key=created_at&sort_dir=asc")).ShouldFail(400, "HTTPBadRequest", "['created_at'] is invalid attribute for sort_keys");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A list comes in the order of creation. It comes in the order of the IDs")]
    public async Task A_list_comes_in_the_order_of_the_IDs(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        for (int i = 0; i < 4; i++) await scratch.NetworkAsync();
        string[] ids = (await cloud.Member.GetAsync($"networks?name={scratch.Name}&fields=id&limit=10")).Each("networks", "id");
        ids.ShouldBe([.. ids.Order(StringComparer.Ordinal)]);
        ids.Length.ShouldBe(4);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Only_the_fields_asked_for_are_shown(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string id = await scratch.NetworkAsync();
        (await cloud.Member.GetAsync($"networks?name={scratch.Name}&fields=name&fields=id")).Names("networks/0").ShouldBe(["id", "name"]);
        (await cloud.Member.GetAsync($"networks/{id}?fields=name")).Names("network").ShouldBe(["name"]);
        (await cloud.Member.GetAsync($"networks?name={scratch.Name}&fields=foo")).Names("networks/0").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("The last page has no next link. Whenever a page is full there is one, and what it leads to may be empty")]
    public async Task A_full_page_has_a_next_link_though_nothing_follows(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        for (int i = 0; i < 3; i++) await scratch.NetworkAsync();
        string all = $"networks?name={scratch.Name}&fields=id";
        Answer full = await cloud.Member.GetAsync(all + "&limit=3");
        string next = Link(full, "next")!;
        next.ShouldEndWith($"&limit=3&marker={full["networks/2/id"]}");
        Answer after = await cloud.Member.GetAsync(Service, next);
        after.ShouldBe(200).List("networks").ShouldBeEmpty();
        Link(after, "next").ShouldBeNull();
        Link(await cloud.Member.GetAsync(all + "&limit=4"), "next").ShouldBeNull();
        (await cloud.Member.GetAsync(all)).At("networks_links").ShouldBeNull();
        (await cloud.Member.GetAsync(all + "&limit=0")).At("networks_links").ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Pages_follow_each_other_by_their_links_both_ways(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        for (int i = 0; i < 5; i++) await scratch.NetworkAsync();
        string all = $"networks?name={scratch.Name}&fields=id";
        string[] ids = (await cloud.Member.GetAsync(all)).Each("networks", "id");
        Answer first = await cloud.Member.GetAsync(all + "&limit=2");
        first.Each("networks", "id").ShouldBe(ids[..2]);
        Answer second = await cloud.Member.GetAsync(Service, Link(first, "next")!);
        second.Each("networks", "id").ShouldBe(ids[2..4]);
        Answer third = await cloud.Member.GetAsync(Service, Link(second, "next")!);
        third.Each("networks", "id").ShouldBe(ids[4..]);
        Link(third, "next").ShouldBeNull();
        Link(third, "previous")!.ShouldContain("page_reverse=True");
        (await cloud.Member.GetAsync(Service, Link(third, "previous")!)).Each("networks", "id").ShouldBe(ids[2..4]);
        (await cloud.Member.GetAsync(all + "&limit=2&page_reverse=True")).Each("networks", "id").ShouldBe(ids[3..]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_marker_must_exist_and_a_limit_be_a_number(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string nobody = Nobody();
        (await cloud.Member.GetAsync($"networks?limit=1&marker={nobody}")).ShouldFail(404, "NetworkNotFound", $"Network {nobody} could not be found.");
        (await cloud.Member.GetAsync("networks?limit=-1")).ShouldFail(400, "BadRequest", "Limit must be an integer 0 or greater and not '-1'");
        (await cloud.Member.GetAsync("networks?limit=x")).ShouldFail(400, "BadRequest", "Limit must be an integer 0 or greater and not 'x'");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ports_are_found_by_address_by_subnet_and_by_what_they_are_attached_to(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        await scratch.NewAsync("ports", "port", new { network_id = network, name = "p0", device_id = scratch.NameOf("d"), device_owner = "tenon:x", fixed_ips = new[] { new { ip_address = "10.70.0.10" } }, mac_address = "fa:16:3e:11:11:01" });
        await scratch.NewAsync("ports", "port", new { network_id = network, name = "p1", device_id = scratch.NameOf("e"), device_owner = "tenon:y", fixed_ips = new[] { new { ip_address = "10.70.0.11" } } });
        Task<Answer> Find(string filter) => cloud.Member.GetAsync($"ports?network_id={network}&{filter}&fields=name&sort_key=name&sort_dir=asc");
        (await Find("fixed_ips=ip_address%3D10.70.0.10")).Each("ports", "name").ShouldBe(["p0"]);
        (await Find("fixed_ips=ip_address%3D10.70.0.10&fixed_ips=ip_address%3D10.70.0.11")).Each("ports", "name").ShouldBe(["p0", "p1"]);
        (await Find($"fixed_ips=subnet_id%3D{subnet}&name=p0&name=p1")).Each("ports", "name").ShouldBe(["p0", "p1"]);
        (await Find($"fixed_ips=subnet_id%3D{subnet}&fixed_ips=ip_address%3D10.70.0.11")).Each("ports", "name").ShouldBe(["p1"]);
        (await Find("fixed_ips=ip_address_substr%3D.0.1&name=p0&name=p1")).Each("ports", "name").ShouldBe(["p0", "p1"]);
        (await Find($"device_id={scratch.NameOf("d")}")).Each("ports", "name").ShouldBe(["p0"]);
        (await Find($"device_id={scratch.NameOf("d")}&device_id={scratch.NameOf("e")}")).Each("ports", "name").ShouldBe(["p0", "p1"]);
        (await Find("device_owner=tenon:x&device_owner=tenon:z")).Each("ports", "name").ShouldBe(["p0"]);
        (await Find("mac_address=FA:16:3E:11:11:01")).Each("ports", "name").ShouldBe(["p0"]);
        (await Find("status=DOWN&admin_state_up=true&name=p0")).Each("ports", "name").ShouldBe(["p0"]);
        (await Find("status=ACTIVE")).Each("ports", "name").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A key that fixed_ips does not have is refused. It is ignored, and everything is found")]
    public async Task An_unknown_key_of_fixed_ips_is_ignored(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        await scratch.PortAsync(network);
        (await cloud.Member.GetAsync($"ports?network_id={network}&name={scratch.Name}&fixed_ips=foo%3Dbar")).List("ports").Count.ShouldBe(1);
    }

    private static string? Link(Answer answer, string rel)
        => answer.ShouldBe(200).List("networks_links").SingleOrDefault(l => l["rel"]!.ToString() == rel)?["href"]!.ToString();
}
