using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>What a list of servers may be filtered by, by whom, and since when.</summary>
[Collection(nameof(ServersCollection))]
public sealed class ServerFilterCases(ComputeWorlds worlds)
{
    private static readonly string[] All = ["0", "1", "2"];

    private static async Task SelectsAsync(ComputeWorld world, string query, string[] expected, string version = "2.69", bool admin = false)
    {
        Answer answer = (await (admin ? world.Cloud.Admin : world.Wire).GetAsync("compute", $"/servers/detail?{query}", Nova.V(version))).ShouldBe(200);
        answer.List("servers").Select(s => s["name"]!.ToString()[(world.Name.Length + 1)..])
            .ShouldBe(expected, ignoreOrder: true, $"{query} at {version}{(admin ? " as administrator" : "")}");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Names_and_addresses_are_found_by_regular_expressions_without_regard_to_case(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await SelectsAsync(world, $"name=^{world.Name}-1$", ["1"]);
        await SelectsAsync(world, "name=-[01]$", ["0", "1"]);
        await SelectsAsync(world, $"name={world.Name.ToUpperInvariant()}", All);
        await SelectsAsync(world, "ip=10.77", ["0"]);
        await SelectsAsync(world, "ip=fd00", []);
        await SelectsAsync(world, "ip6=fd00", ["0"]);
        foreach (string bad in (string[])["name=%5B", "name=*", "name=", "ip=%5B", "tags="])
            (await world.Wire.GetAsync("compute", $"/servers?{bad}", Nova.V("2.69"))).ShouldBe(400)["badRequest/message"]!.ShouldEndWith("is not a 'regex'");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Tags_select_by_all_any_not_all_and_not_any_since_2_26(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await SelectsAsync(world, "tags=a", ["0", "1"]);
        await SelectsAsync(world, "tags=a,b", ["0"]);
        await SelectsAsync(world, "tags-any=b,c", ["0", "2"]);
        await SelectsAsync(world, "not-tags=a", ["2"]);
        await SelectsAsync(world, "not-tags=a,b", ["1", "2"]);
        await SelectsAsync(world, "not-tags-any=b,c", ["1"]);
        await SelectsAsync(world, "tags=nope", []);
        await SelectsAsync(world, "tags=nope", All, "2.25");
    }

    [Theory(Timeout = 120_000), Sides, Believed("An unknown status selects no server.")]
    public async Task Statuses_add_up_whatever_their_case_and_an_unknown_one_is_refused_since_2_38(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await SelectsAsync(world, "status=ACTIVE", All);
        await SelectsAsync(world, "status=active", All);
        await SelectsAsync(world, "status=SHUTOFF&status=ACTIVE", All);
        await SelectsAsync(world, "status=ACTIVE&status=SHUTOFF", All);
        await SelectsAsync(world, "status=ERROR", []);
        await SelectsAsync(world, "status=nope", [], "2.37");
        (await world.Wire.GetAsync("compute", "/servers?status=nope", Nova.V("2.38"))).ShouldRefuse(400, "badRequest", "Invalid status value");
        (await world.Wire.GetAsync("compute", "/servers?status=DELETED", Nova.V("2.69"))).ShouldRefuse(403, "forbidden", "Only administrators may list deleted instances");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A member may filter by a server's ID, its states and its zone.")]
    public async Task What_a_member_may_not_filter_by_is_dropped_without_a_word(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        string zone = $"availability_zone={Uri.EscapeDataString(world.Recipe.Zones[0])}";
        string[] dropped =
        [
            $"uuid={world.Ids[0]}", "vm_state=nope", "task_state=x", "power_state=9", "user_id=x", "key_name=x", "host=x", "hostname=x", "description=x", "meta=x", zone,
            "locked=true", "all_tenants=0", "tenant_id=x", "deleted=1",
        ];
        foreach (string filter in dropped) await SelectsAsync(world, filter, All);
        await SelectsAsync(world, "locked=true", [], "2.73");
        await SelectsAsync(world, "locked=false", All, "2.73");
        await SelectsAsync(world, zone, ["0"], "2.83");
        foreach (string filter in (string[])["vm_state=nope", "power_state=9", "key_name=x", "user_id=x"]) await SelectsAsync(world, filter, [], "2.83");
        await SelectsAsync(world, $"hostname={world.Name}-1", ["1"], "2.90");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Images_and_flavors_select_by_ID(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await SelectsAsync(world, $"flavor={world.Recipe.Flavor}", All);
        await SelectsAsync(world, "flavor=nope", []);
        await SelectsAsync(world, $"image={world.Recipe.Image}", All);
        await SelectsAsync(world, "image=nope", []);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task An_unknown_parameter_is_dropped_and_since_2_75_refused(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await SelectsAsync(world, "colour=red", All, "2.74");
        (await world.Wire.GetAsync("compute", "/servers?colour=red", Nova.V("2.75"))).ShouldRefuse(400, "badRequest", "'colour' does not match any of the regexes: '^_'");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Only_the_administrator_lists_all_projects_and_filters_by_everything(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        (await world.Wire.GetAsync("compute", "/servers?all_tenants=1")).ShouldRefuse(403, "forbidden", "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.");
        (await world.Wire.GetAsync("compute", "/servers/detail?all_tenants=1")).ShouldRefuse(403, "forbidden", "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.");
        (await world.Wire.GetAsync("compute", "/servers?all_tenants=x")).ShouldBe(400)["badRequest/message"]!.ShouldStartWith("Unrecognized value 'x', acceptable values are: ");
        await SelectsAsync(world, $"all_tenants=1&project_id={world.Wire.ProjectId}", All, admin: true);
        await SelectsAsync(world, $"all_tenants&name=^{world.Name}", All, admin: true);
        await SelectsAsync(world, $"all_tenants=1&uuid={world.Ids[0]}", ["0"], admin: true);
        await SelectsAsync(world, $"all_tenants=1&user_id={world.Wire.UserId}", All, admin: true);
        await SelectsAsync(world, $"all_tenants=1&name={world.Name}&availability_zone={Uri.EscapeDataString(world.Recipe.Zones[1])}", ["1"], admin: true);
        await SelectsAsync(world, $"project_id={world.Wire.ProjectId}&name={world.Name}", [], admin: true);
        (await world.Cloud.Admin.GetAsync("compute", "/servers?metadata=x")).ShouldRefuse(400, "badRequest", "Invalid filter field: metadata.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Times_of_change_must_be_times_in_order(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await SelectsAsync(world, "changes-since=2099-01-01T00:00:00Z", []);
        await SelectsAsync(world, "changes-before=2000-01-01T00:00:00Z", []);
        (await world.Wire.GetAsync("compute", "/servers?changes-since=yesterday", Nova.V("2.69")))
            .ShouldRefuse(400, "badRequest", "Invalid input for query parameters changes-since. Value: yesterday. 'yesterday' is not a 'date-time'");
        (await world.Wire.GetAsync("compute", "/servers?changes-since=2020-01-02T00:00:00Z&changes-before=2020-01-01T00:00:00Z", Nova.V("2.69")))
            .ShouldRefuse(400, "badRequest", "The value of changes-since must be less than or equal to changes-before.");
    }
}
