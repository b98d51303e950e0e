using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>What a server's document has, by microversion, and what hangs below it.</summary>
[Collection(nameof(ServersCollection))]
public sealed class ServerShowCases(ComputeWorlds worlds)
{
    private static readonly string[] Oldest =
    [
        "id", "name", "status", "tenant_id", "user_id", "metadata", "hostId", "image", "flavor", "created", "updated", "addresses", "accessIPv4", "accessIPv6", "links",
        "OS-DCF:diskConfig", "progress", "OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
        "security_groups", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state", "os-extended-volumes:volumes_attached",
    ];

    private static Task<Answer> ShowAsync(ComputeWorld world, string version = "2.69", bool admin = false)
        => (admin ? world.Cloud.Admin : world.Wire).GetAsync("compute", $"/servers/{world.Ids[0]}", Nova.V(version));

    private static string[] Keys(Answer answer) => [.. ((JsonObject)answer.At("server")!).Select(p => p.Key)];

    [Theory(Timeout = 120_000), Sides]
    public async Task Each_microversion_adds_its_members_and_takes_none_away(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        (string Version, string[] Adds)[] steps =
        [
            ("2.1", []), ("2.9", ["locked"]), ("2.19", ["description"]), ("2.26", ["tags"]), ("2.63", ["trusted_image_certificates"]), ("2.69", []),
            ("2.71", ["server_groups"]), ("2.73", ["locked_reason"]), ("2.90", ["OS-EXT-SRV-ATTR:hostname"]), ("2.93", []),
        ];
        var expected = new List<string>(Oldest);
        foreach ((string version, string[] adds) in steps)
        {
            expected.AddRange(adds);
            Keys((await ShowAsync(world, version)).ShouldBe(200)).ShouldBe(expected, ignoreOrder: true, version);
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task In_a_list_a_server_has_the_same_members_but_for_its_groups(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        foreach (string version in (string[])["2.1", "2.69", "2.93"])
        {
            Answer list = (await world.Wire.GetAsync("compute", $"/servers/detail?name=^{world.Name}-0$", Nova.V(version))).ShouldBe(200);
            list.List("servers").Single().Select(p => p.Key).ShouldBe(Keys(await ShowAsync(world, version)).Where(k => k != "server_groups"), ignoreOrder: true, version);
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task An_active_server_says_where_it_is_and_since_when(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Answer server = (await ShowAsync(world)).ShouldBe(200);
        server["server/status"].ShouldBe("ACTIVE");
        server["server/OS-EXT-STS:vm_state"].ShouldBe("active");
        server["server/OS-EXT-STS:power_state"].ShouldBe("1");
        server["server/OS-EXT-STS:task_state"].ShouldBeNull();
        server["server/tenant_id"].ShouldBe(world.Wire.ProjectId);
        server["server/user_id"].ShouldBe(world.Wire.UserId);
        server["server/OS-EXT-AZ:availability_zone"].ShouldBe(world.Recipe.Zones[0]);
        server["server/hostId"]!.ShouldMatch("^[0-9a-f]{56}$");
        server["server/image/id"].ShouldBe(world.Recipe.Image);
        server["server/created"]!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        server["server/OS-SRV-USG:launched_at"]!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$");
        server["server/OS-SRV-USG:terminated_at"].ShouldBeNull();
        server["server/metadata"].ShouldBe("""{"m":"1"}""");
        server["server/accessIPv4"].ShouldBe("203.0.113.9");
        server["server/accessIPv6"].ShouldBe("");
        server["server/config_drive"].ShouldBe("");
        server["server/key_name"].ShouldBeNull();
        server["server/description"].ShouldBe("the first");
        server["server/progress"].ShouldBe("0");
        server["server/locked"].ShouldBe("false");
    }

    [Theory(Timeout = 120_000), Sides, Believed("Tags keep their order.")]
    public async Task Tags_are_in_alphabetical_order(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        (await ShowAsync(world))["server/tags"].ShouldBe("""["a","b"]""");
        (await world.Wire.GetAsync("compute", $"/servers/{world.Ids[0]}/tags", Nova.V("2.26"))).ShouldBe(200)["tags"].ShouldBe("""["a","b"]""");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Until_2_46_the_flavor_is_a_link_and_from_2_47_on_its_contents_without_an_ID(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Answer old = await ShowAsync(world, "2.46");
        ((JsonObject)old.At("server/flavor")!).Select(p => p.Key).ShouldBe(["id", "links"], ignoreOrder: true);
        old["server/flavor/id"].ShouldBe(world.Recipe.Flavor);
        Answer embedded = await ShowAsync(world, "2.47");
        ((JsonObject)embedded.At("server/flavor")!).Select(p => p.Key)
            .ShouldBe(["vcpus", "ram", "disk", "ephemeral", "swap", "original_name", "extra_specs"], ignoreOrder: true);
        embedded["server/flavor/original_name"].ShouldBe(world.Recipe.FlavorName);
        embedded["server/flavor/ram"].ShouldBe(world.Recipe.Ram.ToString());
        embedded["server/flavor/vcpus"].ShouldBe(world.Recipe.Cpus.ToString());
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Addresses_are_by_network_with_version_type_and_hardware_address(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        Answer server = await ShowAsync(world);
        ((JsonObject)server.At("server/addresses")!).Select(p => p.Key).ShouldBe([world.Name]);
        IReadOnlyList<JsonObject> addresses = server.List($"server/addresses/{world.Name}");
        addresses.Select(a => (int)a["version"]!).ShouldBe([4, 6], ignoreOrder: true);
        addresses.ShouldAllBe(a => a["OS-EXT-IPS:type"]!.ToString() == "fixed" && a["OS-EXT-IPS-MAC:mac_addr"]!.ToString().StartsWith("fa:16:3e:"));
        addresses.Single(a => (int)a["version"]! == 4)["addr"]!.ToString().ShouldStartWith("10.77.0.");
        Answer ips = (await world.Wire.GetAsync("compute", $"/servers/{world.Ids[0]}/ips")).ShouldBe(200);
        ips.List($"addresses/{world.Name}")[0].Select(p => p.Key).ShouldBe(["version", "addr"], ignoreOrder: true);
        (await world.Wire.GetAsync("compute", $"/servers/{world.Ids[0]}/ips/nowhere")).ShouldRefuse(404, "itemNotFound", "Instance is not a member of specified network");
        (await world.Wire.GetAsync("compute", $"/servers/{world.Ids[1]}")).ShouldBe(200)["server/addresses"].ShouldBe("{}");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A server without a port shows the groups that were asked for, or the default one. It shows none, not even an empty list")]
    public async Task A_server_shows_the_groups_of_its_ports_and_without_a_port_has_no_such_member(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        (await ShowAsync(world))["server/security_groups"].ShouldBe($$"""[{"name":"{{world.Name}}"}]""");
        (await world.Wire.GetAsync("compute", $"/servers/{world.Ids[1]}")).ShouldBe(200).Has("server", "security_groups").ShouldBeFalse();
        Answer groups = (await world.Wire.GetAsync("compute", $"/servers/{world.Ids[0]}/os-security-groups")).ShouldBe(200);
        groups.List("security_groups").Single()["id"]!.ToString().ShouldBe(world.Group);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task The_administrator_sees_the_host_too(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        string[] more = ["OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:instance_name", "OS-EXT-SRV-ATTR:hypervisor_hostname"];
        Answer old = (await ShowAsync(world, "2.1", admin: true)).ShouldBe(200);
        Keys(old).ShouldBe([.. Oldest, .. more], ignoreOrder: true);
        Answer server = (await ShowAsync(world, admin: true)).ShouldBe(200);
        server["server/host_status"].ShouldBe("UP");
        server["server/OS-EXT-SRV-ATTR:hostname"].ShouldBe($"{world.Name}-0");
        server["server/OS-EXT-SRV-ATTR:reservation_id"]!.ShouldStartWith("r-");
        server["server/OS-EXT-SRV-ATTR:hypervisor_hostname"].ShouldBe(server["server/OS-EXT-SRV-ATTR:host"]);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task What_is_not_there_or_another_projects_answers_404_with_its_ID(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        string message = $"Instance {Nova.Nobody} could not be found.";
        foreach (string below in (string[])["", "/os-interface", "/metadata", "/ips", "/os-instance-actions", "/os-volume_attachments"])
            (await world.Wire.GetAsync("compute", $"/servers/{Nova.Nobody}{below}")).ShouldRefuse(404, "itemNotFound", message);
        (await world.Wire.DeleteAsync("compute", $"/servers/{Nova.Nobody}")).ShouldRefuse(404, "itemNotFound", message);
        (await world.Wire.ActAsync(Nova.Nobody, new { reboot = new { type = "HARD" } })).ShouldRefuse(404, "itemNotFound", message);
        (await world.Wire.GetAsync("compute", "/servers/no-uuid")).ShouldRefuse(404, "itemNotFound", "Instance no-uuid could not be found.");
        (await world.Cloud.Member.GetAsync("compute", $"/servers/{world.Ids[0]}")).ShouldRefuse(404, "itemNotFound", $"Instance {world.Ids[0]} could not be found.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Volumes_that_are_not_there_answer_404(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        string path = $"/servers/{world.Ids[0]}/os-volume_attachments";
        (await world.Wire.GetAsync("compute", path)).ShouldBe(200).List("volumeAttachments").ShouldBeEmpty();
        (await world.Wire.GetAsync("compute", $"{path}/{Nova.Nobody}")).ShouldRefuse(404, "itemNotFound", $"Instance {world.Ids[0]} is not attached to volume {Nova.Nobody}");
        (await world.Wire.DeleteAsync("compute", $"{path}/{Nova.Nobody}")).ShouldRefuse(404, "itemNotFound", $"Volume {Nova.Nobody} could not be found.");
        (await world.Wire.PostAsync("compute", path, new { volumeAttachment = new { volumeId = Nova.Nobody } })).ShouldRefuse(404, "itemNotFound", $"Volume {Nova.Nobody} could not be found.");
        (await world.Wire.PostAsync("compute", path, new { volumeAttachment = new { } }))
            .ShouldRefuse(400, "badRequest", "Invalid input for field/attribute volumeAttachment. Value: {}. 'volumeId' is a required property");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Our_client_reads_a_server_and_its_interfaces(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await using CloudClient client = world.Connect();
        Server server = (await client.Compute().GetServerAsync(world.Ids[0], cancellationToken))!;
        (server.Name, server.Status, server.AvailabilityZone, server.FlavorName, server.FlavorId)
            .ShouldBe(($"{world.Name}-0", ServerStatus.Active, world.Recipe.Zones[0], world.Recipe.FlavorName, null));
        server.Tags.ShouldBe(["a", "b"]);
        server.Metadata.ShouldBe([new("m", "1")]);
        server.AccessIPv4.ShouldBe("203.0.113.9");
        server.AccessIPv6.ShouldBeNull();
        server.SecurityGroups.ShouldBe([world.Name]);
        server.Addresses.Select(a => (a.Network, a.Version, a.Type)).ShouldBe([(world.Name, 4, "fixed"), (world.Name, 6, "fixed")], ignoreOrder: true);
        server.Created.Offset.ShouldBe(TimeSpan.Zero);
        ServerInterface own = (await client.Compute().ListInterfacesAsync(world.Ids[0], cancellationToken)).Single();
        own.NetworkId.ShouldBe(world.Network);
        own.FixedIps.Select(f => f.IpAddress).ShouldBe(server.Addresses.Select(a => a.Address), ignoreOrder: true);
        own.MacAddress.ShouldBe(server.Addresses[0].MacAddress);
        (await client.Compute().GetServerAsync(Nova.Nobody, cancellationToken)).ShouldBeNull();
        (await client.Compute().ListInterfacesAsync(Nova.Nobody, cancellationToken)).ShouldBeEmpty();
    }
}
