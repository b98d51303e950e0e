using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Trunks and their subports.</summary>
public sealed class TrunkCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_trunk_shows_on_its_port_and_holds_it(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        Answer trunk = await rig.Cloud.Member.GetAsync($"trunks/{rig.Trunk}");
        trunk.Names("trunk").ShouldBe(
        [
            "admin_state_up", "created_at", "description", "id", "name", "port_id", "project_id", "revision_number", "status", "sub_ports", "tags",
            "tenant_id", "updated_at",
        ]);
        trunk["trunk/port_id"].ShouldBe(rig.Parent);
        trunk["trunk/sub_ports"].ShouldBe("[]");
        (await rig.Cloud.Member.GetAsync($"ports/{rig.Parent}"))["port/trunk_details/trunk_id"].ShouldBe(rig.Trunk);
        (await rig.Cloud.Member.DeleteAsync($"ports/{rig.Parent}")).ShouldFail(
            409, "PortInUseAsTrunkParent", $"Port {rig.Parent} is currently a parent port for trunk {rig.Trunk}.");
        (await rig.Cloud.Member.PostAsync("trunks", new { trunk = new { port_id = rig.Parent } })).ShouldFail(
            409, "ParentPortInUse", $"Port {rig.Parent} is currently in use and is not eligible for use as a parent port.");
        (await rig.Cloud.Member.PostAsync("trunks", new { trunk = new { port_id = Nobody() } })).ShouldFail(404, "PortNotFound");
        (await rig.Cloud.Member.PostAsync("trunks", new { trunk = new { } })).ShouldFail(400, "HTTPBadRequest", "Required attribute 'port_id' not specified");
        (await rig.Cloud.Member.GetAsync($"trunks?port_id={rig.Parent}&name={rig.Scratch.Name}&fields=id")).Each("trunks", "id").ShouldBe([rig.Trunk]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Subports_are_added_and_removed_together_and_the_answer_is_the_trunk_unwrapped_and_down(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        string a = await rig.PortAsync(), b = await rig.PortAsync();
        Answer added = await rig.AddAsync(Sub(a, 100), Sub(b, 101));
        added.ShouldBe(200)["id"].ShouldBe(rig.Trunk);
        added["status"].ShouldBe("DOWN");
        added.List("sub_ports").Select(s => (s["port_id"]!.ToString(), (int)s["segmentation_id"]!, s["segmentation_type"]!.ToString())).ShouldBe([(a, 100, "vlan"), (b, 101, "vlan")], ignoreOrder: true);
        await Scratch.UntilAsync(() => rig.Cloud.Member.GetAsync($"trunks/{rig.Trunk}"), t => t["trunk/status"] == "ACTIVE", "ACTIVE");
        (await rig.Cloud.Member.GetAsync($"ports/{a}"))["port/device_owner"].ShouldBe("trunk:subport");
        Answer parent = await rig.Cloud.Member.GetAsync($"ports/{rig.Parent}");
        System.Text.Json.Nodes.JsonObject detail = parent.List("port/trunk_details/sub_ports").Single(s => s["port_id"]!.ToString() == a);
        detail.Select(p => p.Key).Order(StringComparer.Ordinal).ShouldBe(["mac_address", "port_id", "segmentation_id", "segmentation_type"]);
        detail["mac_address"]!.ToString().ShouldBe((await rig.Cloud.Member.GetAsync($"ports/{a}"))["port/mac_address"]);
        Answer removed = await rig.RemoveAsync(a, b);
        removed.ShouldBe(200)["sub_ports"].ShouldBe("[]");
        removed["status"].ShouldBe("DOWN");
        (await rig.Cloud.Member.GetAsync($"ports/{a}"))["port/device_owner"].ShouldBe("");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_subport_is_in_one_trunk_under_a_number_of_its_own(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        string a = await rig.PortAsync(), b = await rig.PortAsync();
        (await rig.AddAsync(Sub(a, 100))).ShouldBe(200);
        (await rig.AddAsync(Sub(a, 100))).ShouldFail(409, "TrunkPortInUse", $"Port {a} is in use by another trunk.");
        (await rig.AddAsync(Sub(a, 101))).ShouldFail(409, "TrunkPortInUse");
        (await rig.AddAsync(Sub(b, 100))).ShouldFail(409, "DuplicateSubPort", $"segmentation_type vlan and segmentation_id 100 already in use on trunk {rig.Trunk}.");
        (await rig.AddAsync(Sub(rig.Parent, 7))).ShouldFail(409, "ParentPortInUse");
        (await rig.Cloud.Member.DeleteAsync($"ports/{a}")).ShouldFail(409, "PortInUseAsSubPort", $"Port {a} is currently a subport for trunk {rig.Trunk}.");
        (await rig.Cloud.Member.PostAsync("trunks", new { trunk = new { port_id = a } })).ShouldFail(409, "TrunkPortInUse");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Of_many_subports_none_is_added_where_one_cannot_be(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        string a = await rig.PortAsync(), b = await rig.PortAsync();
        (await rig.AddAsync(Sub(a, 300), Sub(Nobody(), 301))).ShouldFail(404, "PortNotFound");
        (await rig.AddAsync(Sub(a, 300), Sub(b, 300))).ShouldFail(400, "InvalidInput", $"Segmentation ID '300' for '{b}' is not unique");
        (await rig.AddAsync(Sub(a, 300), Sub(a, 301))).ShouldFail(400, "InvalidInput", $"Non unique UUID for subport: '{a}'");
        (await rig.Cloud.Member.GetAsync($"trunks/{rig.Trunk}/get_subports")).ShouldBe(200)["sub_ports"].ShouldBe("[]");
        (await rig.AddAsync(Sub(a, 300))).ShouldBe(200);
        (await rig.RemoveAsync(a, Nobody())).ShouldFail(404, "SubPortNotFound");
        (await rig.Cloud.Member.GetAsync($"trunks/{rig.Trunk}/get_subports")).ShouldBe(200).Texts("sub_ports", "port_id").ShouldBe([a]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_bad_subport_is_refused(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        string a = await rig.PortAsync();
        (await rig.AddAsync(Sub(a, 0))).ShouldFail(400, "InvalidInput");
        (await rig.AddAsync(Sub(a, 4095))).ShouldFail(400, "InvalidInput");
        (await rig.AddAsync(Sub("x", 5))).ShouldFail(400, "InvalidInput", "Invalid UUID for subport: 'x'");
        (await rig.AddAsync(new { segmentation_id = 5, segmentation_type = "vlan" })).ShouldFail(400, "InvalidInput", "A valid port UUID must be specified");
        (await rig.AddAsync(new { port_id = a })).ShouldFail(400, "InvalidInput", "missing segmentation information");
        (await rig.AddAsync(new { port_id = a, segmentation_id = 5, segmentation_type = "x" })).ShouldFail(400, "InvalidInput", "Unknown segmentation_type 'x'");
        (await rig.AddAsync(new { port_id = a, segmentation_id = "x", segmentation_type = "vlan" })).ShouldFail(400, "InvalidInput", "segmentation_id 'x' is not an integer");
        (await rig.AddAsync(new { port_id = a, segmentation_id = "200", segmentation_type = "vlan" })).ShouldBe(200)["sub_ports/0/segmentation_id"].ShouldBe("200");
        string taken = (await rig.Scratch.NewAsync("ports", "port", new { network_id = rig.Network, device_id = "dev", device_owner = "a:b" }))["port/id"]!;
        (await rig.AddAsync(Sub(taken, 500))).ShouldFail(409, "PortInUse");
        (await rig.Cloud.Member.PutAsync($"trunks/{Nobody()}/add_subports", new { sub_ports = Array.Empty<object>() })).ShouldFail(404, "TrunkNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A subport is removed when its number fits too. The number is not looked at, and a port that is no subport is not found")]
    public async Task A_subport_is_removed_whatever_number_is_named(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        string a = await rig.PortAsync();
        (await rig.AddAsync(Sub(a, 100))).ShouldBe(200);
        (await rig.Cloud.Member.PutAsync($"trunks/{rig.Trunk}/remove_subports", new { sub_ports = new[] { Sub(a, 999) } })).ShouldBe(200)["sub_ports"].ShouldBe("[]");
        (await rig.RemoveAsync(a)).ShouldFail(404, "SubPortNotFound", $"SubPort {a} on trunk {rig.Trunk} could not be found.");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Taking no subport away changes nothing. It puts the trunk down until the next change that is one")]
    public async Task A_trunk_stays_down_after_an_empty_removal(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        (await rig.RemoveAsync()).ShouldBe(200)["status"].ShouldBe("DOWN");
        (await rig.Cloud.Member.PutAsync($"trunks/{rig.Trunk}", new { trunk = new { name = "n" } })).ShouldBe(200)["trunk/status"].ShouldBe("DOWN");
        (await rig.AddAsync(Sub(await rig.PortAsync(), 5))).ShouldBe(200);
        await Scratch.UntilAsync(() => rig.Cloud.Member.GetAsync($"trunks/{rig.Trunk}"), t => t["trunk/status"] == "ACTIVE", "ACTIVE");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_disabled_trunk_takes_no_subports_and_is_not_deleted(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        (await rig.Cloud.Member.PutAsync($"trunks/{rig.Trunk}", new { trunk = new { admin_state_up = false } })).ShouldBe(200);
        (await rig.AddAsync(Sub(await rig.PortAsync(), 600))).ShouldFail(409, "TrunkDisabled", $"Trunk {rig.Trunk} is currently disabled.");
        (await rig.Cloud.Member.DeleteAsync($"trunks/{rig.Trunk}")).ShouldFail(409, "TrunkDisabled");
        (await rig.Cloud.Member.PutAsync($"trunks/{rig.Trunk}", new { trunk = new { admin_state_up = true } })).ShouldBe(200);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_trunk_goes_and_its_ports_stay(string side)
    {
        await using Rig rig = await Rig.MakeAsync(await clouds.GetAsync(side));
        string a = await rig.PortAsync();
        (await rig.AddAsync(Sub(a, 100))).ShouldBe(200);
        (await rig.Cloud.Member.DeleteAsync($"trunks/{rig.Trunk}")).ShouldBe(204);
        (await rig.Cloud.Member.GetAsync($"ports/{a}")).ShouldBe(200)["port/device_owner"].ShouldBe("");
        (await rig.Cloud.Member.GetAsync($"ports/{rig.Parent}")).Has("port", "trunk_details").ShouldBeFalse();
    }

    private static object Sub(string port, int number) => new { port_id = port, segmentation_type = "vlan", segmentation_id = number };

    /// <summary>A trunk of a case's own, without subports.</summary>
    private sealed record Rig(CloudSide Cloud, Scratch Scratch, string Network, string Parent, string Trunk) : IAsyncDisposable
    {
        private readonly List<string> _ports = [];

        public static async Task<Rig> MakeAsync(CloudSide cloud)
        {
            Scratch scratch = cloud.NewScratch();
            string network = await scratch.NetworkAsync(), parent = await scratch.PortAsync(network);
            string trunk = (await scratch.NewAsync("trunks", "trunk", new { port_id = parent, name = scratch.Name }))["trunk/id"]!;
            return new(cloud, scratch, network, parent, trunk);
        }

        /// <summary>A port that goes after the trunk, whose subport it may be.</summary>
        public async Task<string> PortAsync()
        {
            string port = (await Cloud.Member.PostAsync("ports", new { port = new { network_id = Network, name = Scratch.Name } })).ShouldBe(201)["port/id"]!;
            _ports.Add(port);
            return port;
        }

        public Task<Answer> AddAsync(params object[] subPorts) => Cloud.Member.PutAsync($"trunks/{Trunk}/add_subports", new { sub_ports = subPorts });

        public Task<Answer> RemoveAsync(params string[] ports)
            => Cloud.Member.PutAsync($"trunks/{Trunk}/remove_subports", new { sub_ports = ports.Select(p => new { port_id = p }) });

        public async ValueTask DisposeAsync()
        {
            await Cloud.Member.DeleteAsync($"trunks/{Trunk}");
            foreach (string port in _ports) Scratch.Forget(Service, $"/v2.0/ports/{port}");
            await Scratch.DisposeAsync();
        }
    }
}
