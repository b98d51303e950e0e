using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>Zones, limits and quotas.</summary>
[Collection(nameof(ServersCollection))]
public sealed class LimitCases(ComputeWorlds worlds)
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task Zones_are_listed_by_name_and_state_and_their_hosts_are_nobodys_business(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Answer zones = (await world.Wire.GetAsync("compute", "/os-availability-zone")).ShouldBe(200);
        zones.List("availabilityZoneInfo").Select(z => z["zoneName"]!.ToString()).ShouldBe(["az1", "az2", "az3"], ignoreOrder: true);
        zones.List("availabilityZoneInfo").ShouldAllBe(z => z["zoneState"]!["available"]!.ToString() == "true" && z["hosts"] == null);
        (await world.Wire.GetAsync("compute", "/os-availability-zone/detail")).ShouldBe(403);
        await using CloudClient client = world.Connect();
        (await client.Compute().ListZonesAsync(TestContext.Current.CancellationToken)).OrderBy(z => z.Name, StringComparer.Ordinal)
            .ShouldBe([new ComputeZone("az1", true), new ComputeZone("az2", true), new ComputeZone("az3", true)]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Limits_count_what_the_project_has(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Answer limits = (await world.Wire.GetAsync("compute", "/limits", Nova.V("2.69"))).ShouldBe(200);
        ((JsonObject)limits.At("limits/absolute")!).Select(p => p.Key).ShouldBe(
        [
            "maxServerMeta", "maxServerGroupMembers", "maxServerGroups", "maxTotalCores", "maxTotalInstances", "maxTotalKeypairs", "maxTotalRAMSize",
            "totalCoresUsed", "totalInstancesUsed", "totalRAMUsed", "totalServerGroupsUsed",
        ], ignoreOrder: true);
        limits["limits/rate"].ShouldBe("[]");
        await using CloudClient client = world.Connect();
        ComputeLimits read = await client.Compute().GetLimitsAsync(TestContext.Current.CancellationToken);
        (read.MaxInstances.ToString(), read.MaxCores.ToString(), read.MaxRamMiB.ToString())
            .ShouldBe((limits["limits/absolute/maxTotalInstances"]!, limits["limits/absolute/maxTotalCores"]!, limits["limits/absolute/maxTotalRAMSize"]!));
        read.UsedInstances.ShouldBeGreaterThanOrEqualTo(3);
        read.UsedCores.ShouldBeGreaterThanOrEqualTo(3 * world.Recipe.Cpus);
        read.UsedRamMiB.ShouldBeGreaterThanOrEqualTo(3 * world.Recipe.Ram);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_full_quota_answers_403_and_names_what_was_asked_for_and_what_there_is(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        async Task SetAsync(object quotas) => (await world.Cloud.Admin.PutAsync("compute", $"/os-quota-sets/{wire.ProjectId}", new { quota_set = quotas })).ShouldBe(200);
        Task<Answer> TryAsync(object? more = null) => wire.PostAsync("compute", "/servers", world.Recipe.Server(scratch.Name, more), Nova.V("2.69"));

        await SetAsync(new { instances = 0 });
        (await TryAsync()).ShouldRefuse(403, "forbidden", "Quota exceeded for instances: Requested 1, but already used 0 of 0 instances");
        (await TryAsync(new { min_count = 2 })).ShouldRefuse(403, "forbidden", "Quota exceeded for instances: Requested 2, but already used 0 of 0 instances");
        await SetAsync(new { instances = 5, cores = 0 });
        (await TryAsync()).ShouldRefuse(403, "forbidden", $"Quota exceeded for cores: Requested {world.Recipe.Cpus}, but already used 0 of 0 cores");
        await SetAsync(new { cores = 5, ram = 1 });
        (await TryAsync()).ShouldRefuse(403, "forbidden", $"Quota exceeded for ram: Requested {world.Recipe.Ram}, but already used 0 of 1 ram");
        (await wire.GetAsync("compute", "/limits"))["limits/absolute/maxTotalInstances"].ShouldBe("5");
        (await wire.PutAsync("compute", $"/os-quota-sets/{wire.ProjectId}", new { quota_set = new { instances = 9 } })).ShouldBe(403);
    }

    [Theory(Timeout = Limit), Sides, Believed("What cannot be done in ERROR names the state, as elsewhere. To a server that never had a host it says that it is not ready")]
    public async Task A_server_that_no_host_has_room_for_ends_in_ERROR_and_is_deleted_like_another(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        string flavor = (await scratch.MakeAsync(world.Cloud.Admin, "compute", "/flavors", new { flavor = new { name = scratch.Name, ram = 900_000_000, vcpus = 1, disk = 1 } }))["flavor/id"]!;
        (await world.Cloud.Admin.PutAsync("compute", $"/os-quota-sets/{wire.ProjectId}", new { quota_set = new { ram = -1 } })).ShouldBe(200);
        Answer made = await scratch.MakeAsync(wire, "compute", "/servers", world.Recipe.Server(scratch.Name, new { flavorRef = flavor }), Nova.V("2.69"));
        string id = made.ShouldBe(202)["server/id"]!;
        (await Faults.FailsAsync(wire, id))["server/fault/message"].ShouldBe("No valid host was found. ");
        (await wire.ActAsync(id, """{"os-stop": null}""")).ShouldRefuse(409, "conflictingRequest", $"Instance {id} is not ready");
        (await wire.DeleteAsync("compute", $"/servers/{id}")).ShouldBe(204);
        await Nova.IsGoneAsync(wire, id);
    }
}
