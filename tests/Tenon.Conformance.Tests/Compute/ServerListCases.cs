using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>Lists of servers: pages, order and filters, in a project of their own.</summary>
[Collection(nameof(ServersCollection))]
public sealed class ServerListCases(ComputeWorlds worlds)
{
    private static async Task<string[]> NamesAsync(ComputeWorld world, string query, string version = "2.69", bool admin = false)
    {
        Wire wire = admin ? world.Cloud.Admin : world.Wire;
        Answer answer = (await wire.GetAsync("compute", $"/servers/detail?{query}", Nova.V(version))).ShouldBe(200);
        return [.. answer.List("servers").Select(s => s["name"]!.ToString()[(world.Name.Length + 1)..])];
    }

    private static async Task ShouldSelectAsync(ComputeWorld world, string query, string[] expected, string version = "2.69", bool admin = false)
        => (await NamesAsync(world, query, version, admin)).ShouldBe(expected, ignoreOrder: true, $"{query} at {version}{(admin ? " as administrator" : "")}");

    [Theory(Timeout = 120_000), Sides]
    public async Task The_newest_server_comes_first(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        (await NamesAsync(world, "")).ShouldBe(["2", "1", "0"]);
        (await NamesAsync(world, "sort_key=display_name&sort_dir=asc")).ShouldBe(["0", "1", "2"]);
        (await NamesAsync(world, "sort_key=display_name")).ShouldBe(["2", "1", "0"]);
        (await NamesAsync(world, "sort_key=vm_state&sort_key=display_name&sort_dir=asc&sort_dir=desc")).ShouldBe(["2", "1", "0"]);
    }

    [Theory(Timeout = 120_000), Sides, Believed("The last page of a list has no next link, even when it is full.")]
    public async Task A_full_page_has_a_next_link_whether_or_not_there_is_more(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Task<Answer> Page(string query) => world.Wire.GetAsync("compute", $"/servers?{query}", Nova.V("2.69"));
        Answer full = (await Page("limit=3")).ShouldBe(200);
        full.List("servers").Count.ShouldBe(3);
        full["servers_links/0/rel"].ShouldBe("next");
        Answer beyond = (await world.Wire.GetAsync("compute", full["servers_links/0/href"]!, Nova.V("2.69"))).ShouldBe(200);
        beyond.List("servers").ShouldBeEmpty();
        beyond.At("servers_links").ShouldBeNull();
        (await Page("limit=5")).ShouldBe(200).At("servers_links").ShouldBeNull();
        (await Page("limit=0")).ShouldBe(200).List("servers").ShouldBeEmpty();
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_next_link_keeps_the_filters_and_names_the_last_server_as_marker(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Answer page = (await world.Wire.GetAsync("compute", $"/servers/detail?limit=2&name={world.Name}", Nova.V("2.69"))).ShouldBe(200);
        page.List("servers").Select(s => s["id"]!.ToString()).ShouldBe([world.Ids[2], world.Ids[1]]);
        var link = new Uri(page["servers_links/0/href"]!);
        link.GetLeftPart(UriPartial.Path).ShouldBe($"{world.Wire.Endpoint("compute")}/servers/detail");
        link.Query.TrimStart('?').Split('&').ShouldBe(["limit=2", $"name={world.Name}", $"marker={world.Ids[1]}"], ignoreOrder: true);
        (await world.Wire.GetAsync("compute", link.AbsoluteUri, Nova.V("2.69"))).ShouldBe(200).List("servers").Single()["id"]!.ToString().ShouldBe(world.Ids[0]);
        (await world.Wire.GetAsync("compute", $"/servers?marker={world.Ids[1]}")).ShouldBe(200).List("servers").Single()["id"]!.ToString().ShouldBe(world.Ids[0]);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Bad_limits_markers_and_orders_answer_400(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Task<Answer> List(string query) => world.Wire.GetAsync("compute", $"/servers?{query}", Nova.V("2.69"));
        (await List("limit=-1")).ShouldRefuse(400, "badRequest", "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'");
        (await List("limit=x")).ShouldRefuse(400, "badRequest", "Invalid input for query parameters limit. Value: x. 'x' does not match '^[0-9]*$'");
        (await List("marker=x")).ShouldRefuse(400, "badRequest", "marker [x] not found");
        (await List($"marker={Nova.Nobody}")).ShouldRefuse(400, "badRequest", $"marker [{Nova.Nobody}] not found");
        (await List("sort_dir=up")).ShouldRefuse(400, "badRequest", "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'");
        (await List("sort_key=beauty")).ShouldBe(400)["badRequest/message"]!.ShouldStartWith("Invalid input for query parameters sort_key. Value: beauty.");
        (await List("sort_key=host")).ShouldRefuse(403, "forbidden", "Only administrators can sort servers by host");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_plain_list_has_ID_name_and_links_only(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        JsonObject server = (await world.Wire.GetAsync("compute", $"/servers?name=^{world.Name}-0$")).ShouldBe(200).List("servers").Single();
        server.Select(p => p.Key).ShouldBe(["id", "name", "links"], ignoreOrder: true);
        server["links"]!.AsArray().Select(l => $"{l!["rel"]} {l["href"]}").ShouldBe(
        [
            $"self {world.Wire.Endpoint("compute")}/servers/{world.Ids[0]}",
            $"bookmark {world.Wire.Endpoint("compute").Replace("/v2.1", "", StringComparison.Ordinal)}/servers/{world.Ids[0]}",
        ]);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Our_client_lists_all_pages_and_filters_by_exact_name_and_tags(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using CloudClient client = world.Connect();
        async Task<string[]> Names(ServerQuery query)
        {
            var names = new List<string>();
            await foreach (Server server in client.Compute().ListServersAsync(query, TestContext.Current.CancellationToken)) names.Add(server.Name[(world.Name.Length + 1)..]);
            return [.. names];
        }

        (await Names(new())).ShouldBe(["2", "1", "0"]);
        (await Names(new() { PageSize = 1 })).ShouldBe(["2", "1", "0"]);
        (await Names(new() { Name = $"{world.Name}-1" })).ShouldBe(["1"]);
        (await Names(new() { Name = world.Name })).ShouldBeEmpty();
        (await Names(new() { Tags = ["a", "b"] })).ShouldBe(["0"]);
        (await Names(new() { Status = ServerStatus.Shutoff })).ShouldBeEmpty();
    }
}
