using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Lists of load balancers: filters, tags, order, pages, fields.</summary>
public sealed class ListCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task Filters_compare_whole_values_and_all_of_them_must_hold(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync();
        string name = octavia.Scratch.Name, id = made["loadbalancer/id"]!;
        string[] hits =
        [
            $"name={name}", $"id={id}", $"vip_port_id={made["loadbalancer/vip_port_id"]}", $"vip_address={made["loadbalancer/vip_address"]}&name={name}",
            $"vip_subnet_id={octavia.SubnetId}&name={name}", $"project_id={octavia.Cloud.Member.ProjectId}&name={name}", $"provider=ovn&name={name}",
            $"provisioning_status=ACTIVE&name={name}", $"operating_status=ONLINE&name={name}", $"admin_state_up=true&name={name}",
        ];
        foreach (string query in hits) Ids(await octavia.GetAsync($"loadbalancers?{query}")).ShouldBe([id], query);
        foreach (string query in (string[])[$"name={name[..^1]}", $"name={name}&provisioning_status=ERROR", $"name={name}&provisioning_status=NOSUCH", $"name={name}&provider=amphora"])
            Ids(await octavia.GetAsync($"loadbalancers?{query}")).ShouldBeEmpty(query);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_unknown_filter_is_refused(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        foreach (string path in (string[])["loadbalancers", "listeners", "pools", "healthmonitors"])
            (await octavia.GetAsync($"{path}?nosuch=1")).ShouldFault(400, "One or more arguments are either duplicate or invalid");
    }

    [Theory(Timeout = Limit), Sides, Believed("a filter given twice is refused as a bad request")]
    public async Task A_filter_given_twice_is_an_error_of_the_server(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.GetAsync("loadbalancers?name=a&name=b")).ShouldBe(500)["faultcode"].ShouldBe("Server");
    }

    [Theory(Timeout = Limit), Sides, Believed("asking for another project's resources gives an empty list")]
    public async Task A_member_who_filters_by_another_project_is_refused(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        foreach (string path in (string[])["loadbalancers", "listeners", "pools", "healthmonitors"])
            (await octavia.GetAsync($"{path}?project_id={octavia.Cloud.Admin.ProjectId}")).ShouldFault(403, "Policy does not allow this request to be performed.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_administrator_sees_the_load_balancers_of_all_projects(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        Ids(await octavia.Cloud.Admin.GetAsync(BalancerCase.Service, $"/v2/lbaas/loadbalancers?name={octavia.Scratch.Name}")).ShouldBe([id]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Tag_filters_ask_for_all_any_not_all_and_not_any(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync(new { tags = new[] { "a", "b" } }))["loadbalancer/id"]!;
        async Task<bool> Found(string query) => Ids(await octavia.GetAsync($"loadbalancers?name={octavia.Scratch.Name}&{query}")).Contains(id);
        (await Found("tags=a")).ShouldBeTrue();
        (await Found("tags=a,b")).ShouldBeTrue();
        (await Found("tags=a,c")).ShouldBeFalse();
        (await Found("tags-any=c,a")).ShouldBeTrue();
        (await Found("not-tags=a")).ShouldBeFalse();
        (await Found("not-tags=a,c")).ShouldBeTrue();
        (await Found("not-tags-any=c")).ShouldBeTrue();
        (await Found("not-tags-any=a,c")).ShouldBeFalse();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Fields_leave_the_others_out_and_unknown_ones_leave_nothing(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        Answer two = await octavia.GetAsync($"loadbalancers?name={octavia.Scratch.Name}&fields=id&fields=name");
        two.List("loadbalancers").Single().Select(p => p.Key).Order().ShouldBe(["id", "name"]);
        (await octavia.GetAsync($"loadbalancers?name={octavia.Scratch.Name}&fields=nosuch")).List("loadbalancers").Single().ShouldBeEmpty();
        (await octavia.GetAsync($"loadbalancers/{id}?fields=vip_address")).At("loadbalancer")!.AsObject().Single().Key.ShouldBe("vip_address");
    }

    [Theory(Timeout = Limit), Sides, Believed("the link to the next page is the same question with a marker")]
    public async Task The_link_to_the_next_page_forgets_the_filters(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        for (int i = 0; i < 3; i++) (await octavia.TryBalancerAsync(new { })).ShouldBe(201);
        string name = octavia.Scratch.Name;
        Answer page = await octavia.GetAsync($"loadbalancers?name={name}&limit=2&sort=id");
        string[] ids = Ids(page);
        ids.Length.ShouldBe(2);
        JsonObject link = page.List("loadbalancers_links").Single();
        link["rel"]!.ToString().ShouldBe("next");
        string next = link["href"]!.ToString();
        next.ShouldContain("limit=2");
        next.ShouldContain("sort=id");
        next.ShouldContain($"marker={ids[1]}");
        next.ShouldNotContain(name);
        Answer rest = await octavia.GetAsync($"loadbalancers?name={name}&limit=2&sort=id&marker={ids[1]}");
        Ids(rest).Length.ShouldBe(1);
        rest.List("loadbalancers_links").ShouldAllBe(l => l["rel"]!.ToString() == "previous");
    }

    [Theory(Timeout = Limit), Sides, Believed("a limit of zero means no limit")]
    public async Task A_limit_below_one_is_an_error_of_the_server(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        await octavia.SharedBalancerAsync();
        (await octavia.GetAsync("loadbalancers?limit=0")).ShouldBe(500);
        (await octavia.GetAsync("loadbalancers?limit=-1")).ShouldBe(500);
        Answer words = await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/loadbalancers?limit=x", "Accept: application/json");
        words.ShouldBe(400)["description"].ShouldBe("Supplied pagination limit 'x' is not valid.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Order_goes_by_any_field_either_way_and_by_no_other(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        foreach (string letter in (string[])["b", "a", "c"]) (await octavia.TryBalancerAsync(new { description = letter, tags = new[] { octavia.Scratch.Name } })).ShouldBe(201);
        async Task<string> Order(string sort) => string.Concat((await octavia.GetAsync($"loadbalancers?tags={octavia.Scratch.Name}&{sort}")).List("loadbalancers").Select(b => b["description"]!.ToString()));
        (await Order("sort=description")).ShouldBe("abc");
        (await Order("sort=description:desc")).ShouldBe("cba");
        (await Order("sort_key=description&sort_dir=desc")).ShouldBe("cba");
        (await octavia.GetAsync("loadbalancers?sort=nosuch")).ShouldFault(400, "Supplied sort key 'nosuch' is not valid.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_marker_that_nothing_has_is_refused(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.GetAsync($"loadbalancers?marker={BalancerCase.Nobody}")).ShouldFault(400, $"Supplied pagination marker '{BalancerCase.Nobody}' is not valid.");
    }

    private static string[] Ids(Answer list) => [.. list.ShouldBe(200).List("loadbalancers").Select(b => b["id"]!.ToString())];
}
