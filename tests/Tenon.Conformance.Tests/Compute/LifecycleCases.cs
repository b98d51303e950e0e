using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>What becomes of a server: the states that it goes through, and what is refused in which.</summary>
[Collection(nameof(ServersCollection))]
public sealed class LifecycleCases(ComputeWorlds worlds)
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_server_is_built_stopped_started_rebooted_and_deleted_through_these_states(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        Wire wire = world.Wire;
        string id = await MakeAsync(world, scratch);
        (await Nova.StatesAsync(wire, id, "ACTIVE/active/"))
            .ShouldFollow("BUILD/building/scheduling", "BUILD/building/", "BUILD/building/networking", "BUILD/building/block_device_mapping", "BUILD/building/spawning", "ACTIVE/active/");
        (await wire.ActAsync(id, """{"os-stop": null}""")).ShouldBe(202).Text.ShouldBe("");
        (await Nova.StatesAsync(wire, id, "SHUTOFF/stopped/")).ShouldFollow("ACTIVE/active/powering-off", "SHUTOFF/stopped/");
        (await wire.GetAsync("compute", $"/servers/{id}"))["server/OS-EXT-STS:power_state"].ShouldBe("4");
        (await wire.ActAsync(id, """{"os-stop": null}""")).ShouldRefuse(409, "conflictingRequest", $"Cannot 'stop' instance {id} while it is in vm_state stopped");
        (await wire.ActAsync(id, """{"os-start": null}""")).ShouldBe(202);
        (await Nova.StatesAsync(wire, id, "ACTIVE/active/")).ShouldFollow("SHUTOFF/stopped/powering-on", "ACTIVE/active/");
        (await wire.ActAsync(id, """{"os-start": null}""")).ShouldRefuse(409, "conflictingRequest", $"Cannot 'start' instance {id} while it is in vm_state active");
        (await wire.ActAsync(id, new { reboot = new { type = "HARD" } })).ShouldBe(202);
        (await Nova.StatesAsync(wire, id, "ACTIVE/active/"))
            .ShouldFollow("HARD_REBOOT/active/rebooting_hard", "HARD_REBOOT/active/reboot_pending_hard", "HARD_REBOOT/active/reboot_started_hard", "ACTIVE/active/");
        (await wire.DeleteAsync("compute", $"/servers/{id}")).ShouldBe(204);
        (await Nova.StatesAsync(wire, id, "gone")).ShouldFollow("ACTIVE/active/deleting", "DELETED/deleted/deleting", "DELETED/deleted/", "gone");
        (await wire.DeleteAsync("compute", $"/servers/{id}")).ShouldRefuse(404, "itemNotFound", $"Instance {id} could not be found.");
    }

    [Theory(Timeout = Limit), Sides, Believed("A deleted server is gone from every list. One by changes-since has it, as DELETED")]
    public async Task A_deleted_server_is_in_lists_of_what_changed_since(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        string id = await MakeAsync(world, scratch);
        Answer made = await Nova.BecomesAsync(world.Wire, id, "ACTIVE");
        (await world.Wire.DeleteAsync("compute", $"/servers/{id}")).ShouldBe(204);
        await Nova.IsGoneAsync(world.Wire, id);
        string since = made["server/created"]!;
        (await world.Wire.GetAsync("compute", $"/servers/detail?name={scratch.Name}")).List("servers").ShouldBeEmpty();
        Answer changed = (await world.Wire.GetAsync("compute", $"/servers/detail?name={scratch.Name}&changes-since={since}")).ShouldBe(200);
        (changed["servers/0/id"], changed["servers/0/status"]).ShouldBe((id, "DELETED"));
        (await world.Wire.GetAsync("compute", $"/servers/detail?name={scratch.Name}&changes-since=2100-01-01T00:00:00Z")).List("servers").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_servers_own_port_goes_with_it_and_one_that_was_given_stays(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        Wire wire = world.Wire;
        string given = (await scratch.MakeAsync(wire, "network", "/v2.0/ports", new { port = new { network_id = world.Network, name = scratch.Name } }))["port/id"]!;
        string id = await MakeAsync(world, scratch, new { networks = new object[] { new { port = given }, new { uuid = world.Network } }, availability_zone = world.Recipe.Zones[0] });
        await Nova.BecomesAsync(wire, id, "ACTIVE");
        Answer ports = (await wire.GetAsync("network", $"/v2.0/ports?device_id={id}")).ShouldBe(200);
        ports.List("ports").Count.ShouldBe(2);
        ports.List("ports").ShouldAllBe(p => p["device_owner"]!.ToString() == $"compute:{world.Recipe.Zones[0]}");
        string own = ports.List("ports").Single(p => p["id"]!.ToString() != given)["id"]!.ToString();
        (await wire.DeleteAsync("compute", $"/servers/{id}")).ShouldBe(204);
        await Nova.IsGoneAsync(wire, id);
        await Scratch.UntilAsync(() => wire.GetAsync("network", $"/v2.0/ports/{own}"), a => a.Status == 404, "gone with its server");
        Answer left = await Scratch.UntilAsync(() => wire.GetAsync("network", $"/v2.0/ports/{given}"), a => a["port/device_id"] == "", "free");
        (left["port/device_owner"], left["port/status"], left["port/name"]).ShouldBe(("", "DOWN", scratch.Name));
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_is_wrong_with_an_action_is_said(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        string id = world.Ids[1];
        (await world.Wire.ActAsync(id, new { })).ShouldRefuse(400, "badRequest", "Malformed request body");
        (await world.Wire.ActAsync(id, new { fly = 1 })).ShouldRefuse(400, "badRequest", "There is no such action: fly");
        (await world.Wire.ActAsync(id, new { reboot = new { type = "GENTLE" } })).ShouldBe(400)["badRequest/message"]!.ShouldStartWith("Invalid input for field/attribute type. Value: GENTLE.");
    }

    private static async Task<string> MakeAsync(ComputeWorld world, Scratch scratch, object? more = null)
    {
        string id = (await scratch.MakeAsync(world.Wire, "compute", "/servers", world.Recipe.Server(scratch.Name, more), Nova.V("2.69")))["server/id"]!;
        scratch.Undo($"server {id}", () => Nova.IsGoneAsync(world.Wire, id));
        return id;
    }
}
