using System.Text.Json.Nodes;
using Tenon.Testing;

namespace Tenon.Sandbox.Tests.OpenStack;

public sealed class ComputeTests
{
    private const int Limit = 30_000;
    private const string Servers = "/compute/v2.1/servers";

    private static async Task<string> NodeId(CloudClient cloud, string name) => (await cloud.Get($"{Servers}?name=^{name}$"))["servers/0/id"]!;

    private static async Task<object> NewServer(CloudClient cloud, string name, string? zone = null)
    {
        string network = (await cloud.Get("/network/v2.0/networks?name=nodes"))["networks/0/id"]!;
        string image = (await cloud.Get("/image/v2/images?name=cirros"))["images/0/id"]!;
        return new { server = new { name, flavorRef = "1", imageRef = image, networks = new[] { new { uuid = network } }, availability_zone = zone } };
    }

    private static JsonObject Without(object server, string? property = null, JsonNode? value = null)
    {
        JsonObject json = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(server))!.AsObject();
        if (property is null) return json;
        json["server"]!.AsObject().Remove(property);
        if (value is not null) json["server"]![property] = value;
        return json;
    }

    [Fact(Timeout = Limit)]
    public async Task The_default_world_has_active_servers_with_addresses_spread_over_zones()
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Nodes = 4, Zones = 2, Controllers = "none" });
        JsonArray servers = (await cloud.Get($"{Servers}/detail?sort_key=display_name&sort_dir=asc")).ShouldBe(200).At("servers")!.AsArray();
        servers.Select(s => (string)s!["name"]!).ShouldBe(["node-1", "node-2", "node-3", "node-4"]);
        servers.Select(s => (string)s!["status"]!).ShouldAllBe(s => s == "ACTIVE");
        servers.Select(s => (string)s!["OS-EXT-AZ:availability_zone"]!).ShouldBe(["az1", "az2", "az1", "az2"]);
        servers.Select(s => (string)s!["addresses"]!["nodes"]![0]!["addr"]!).Distinct().Count().ShouldBe(4);
        servers.Select(s => (string)s!["addresses"]!["nodes"]![0]!["OS-EXT-IPS:type"]!).ShouldAllBe(t => t == "fixed");
    }

    [Fact(Timeout = Limit)]
    public async Task A_dual_stack_world_gives_servers_an_address_of_each_family()
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Nodes = 1, DualStack = true, Controllers = "none" });
        JsonArray addresses = (await cloud.Get($"{Servers}/detail")).At("servers/0/addresses/nodes")!.AsArray();
        addresses.Select(a => (int)a!["version"]!).ShouldBe([4, 6], ignoreOrder: true);
    }

    [Fact(Timeout = Limit)]
    public async Task Microversions_are_negotiated_and_shape_a_server()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string id = await NodeId(cloud, "node-1");
        WireAnswer oldest = await cloud.Get($"{Servers}/{id}");
        oldest.Header("OpenStack-API-Version").ShouldBe("compute 2.1");
        oldest["server/flavor/id"].ShouldBe("3");
        oldest.At("server/locked").ShouldBeNull();
        WireAnswer newest = await cloud.Get($"{Servers}/{id}", "demo", "OpenStack-API-Version: compute latest");
        newest.Header("X-OpenStack-Nova-API-Version").ShouldBe("2.93");
        newest["server/flavor/original_name"].ShouldBe("m1.medium");
        newest.At("server")!.AsObject().Select(p => p.Key).ShouldBe(
        [
            "id", "name", "status", "tenant_id", "user_id", "metadata", "hostId", "image", "flavor", "created", "updated", "addresses", "accessIPv4", "accessIPv6",
            "links", "OS-DCF:diskConfig", "progress", "OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
            "security_groups", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state", "os-extended-volumes:volumes_attached", "locked",
            "locked_reason", "description", "tags", "trusted_image_certificates", "OS-EXT-SRV-ATTR:hostname", "server_groups",
        ], ignoreOrder: true, "the members that a real Nova of 2.93 shows to a project's member");
        newest.At("server")!.AsObject().Any(p => p.Key == "OS-EXT-SRV-ATTR:host").ShouldBeFalse();
        (await cloud.Get($"{Servers}/{id}", "admin"))["server/OS-EXT-SRV-ATTR:host"].ShouldBe("compute1");
        WireAnswer tooNew = (await cloud.Get(Servers, "demo", "OpenStack-API-Version: compute 2.999")).ShouldBe(406);
        tooNew["computeFault/message"].ShouldBe("Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.93.");
        (await cloud.Get(Servers, "demo", "OpenStack-API-Version: compute foo")).ShouldBe(400)["badRequest/message"]
            .ShouldBe("API Version String foo is of invalid format. Must be of format MajorNum.MinorNum.");
        (await cloud.Get(Servers, "demo", "X-OpenStack-Nova-API-Version: 2.26")).Header("OpenStack-API-Version").ShouldBe("compute 2.26");
    }

    [Fact(Timeout = Limit)]
    public async Task Lists_are_paged_by_links_without_missing_or_repeating_a_server()
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Nodes = 25, Controllers = "none" });
        var seen = new List<string>();
        string? path = $"{Servers}/detail?limit=10";
        int pages = 0;
        while (path is not null)
        {
            WireAnswer page = (await cloud.Get(path)).ShouldBe(200);
            seen.AddRange(page.At("servers")!.AsArray().Select(s => (string)s!["name"]!));
            path = page["servers_links/0/href"]?[cloud.Root.Length..];
            (++pages).ShouldBeLessThan(5);
        }

        seen.Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(1, 25).Select(i => $"node-{i}").Order(StringComparer.Ordinal));
        (await cloud.Get($"{Servers}?marker=nope")).ShouldBe(400)["badRequest/message"].ShouldBe("marker [nope] not found");
        (await cloud.Get($"{Servers}?limit=-1")).ShouldBe(400);
    }

    [Fact(Timeout = Limit)]
    public async Task Filters_select_by_regular_expression_status_and_address()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        async Task<string[]> Names(string query, string user = "demo")
            => [.. (await cloud.Get($"{Servers}?{query}", user)).ShouldBe(200).At("servers")!.AsArray().Select(s => (string)s!["name"]!).Order(StringComparer.Ordinal)];
        (await Names("name=^node-[12]$")).ShouldBe(["node-1", "node-2"]);
        (await Names("name=NODE-3")).ShouldBe(["node-3"], "the database compares without regard to case");
        (await Names("status=active")).Length.ShouldBe(3);
        (await Names("status=SHUTOFF")).ShouldBeEmpty();
        (await Names("status=bogus")).ShouldBeEmpty();
        (await Names("unknown=filter")).Length.ShouldBe(3, "unknown filters are ignored before 2.75");
        string address = (await cloud.Get($"{Servers}/detail?name=node-2"))["servers/0/addresses/nodes/0/addr"]!;
        (await Names($"ip=^{address}$")).ShouldBe(["node-2"]);
        (await Names("", "admin")).ShouldBeEmpty("an administrator's own project has none");
        (await Names("all_tenants=1", "admin")).Length.ShouldBe(3);
        (await cloud.Get($"{Servers}?all_tenants=1")).ShouldBe(403)["forbidden/message"]
            .ShouldBe("Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.");
        (await cloud.Get($"{Servers}?name=%5B")).ShouldBe(400);
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_builds_over_time_and_takes_its_port_along_when_deleted()
    {
        var clock = new ManualTimeProvider();
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions
        {
            TimeProvider = clock, Delays = new SandboxDelays { Server = TimeSpan.FromSeconds(5) }, Controllers = "none",
        });
        WireAnswer created = (await cloud.Post(Servers, await NewServer(cloud, "new", "az2"))).ShouldBe(202);
        string id = created["server/id"]!;
        created.At("server")!.AsObject().Select(p => p.Key).ShouldBe(["id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"], ignoreOrder: true);
        created.Header("Location").ShouldBe($"{cloud.Root}{Servers}/{id}");
        WireAnswer building = await cloud.Get($"{Servers}/{id}");
        building["server/status"].ShouldBe("BUILD");
        building.At("server/addresses")!.AsObject().ShouldBeEmpty();
        clock.Advance(TimeSpan.FromSeconds(5));
        WireAnswer active = await cloud.Get($"{Servers}/{id}");
        active["server/status"].ShouldBe("ACTIVE");
        active["server/OS-EXT-AZ:availability_zone"].ShouldBe("az2");
        WireAnswer ports = await cloud.Get($"/network/v2.0/ports?device_id={id}");
        ports["ports/0/device_owner"].ShouldBe("compute:az2");
        ports["ports/0/fixed_ips/0/ip_address"].ShouldBe(active["server/addresses/nodes/0/addr"]);
        (await cloud.Delete($"{Servers}/{id}")).ShouldBe(204);
        (await cloud.Get($"{Servers}/{id}"))["server/OS-EXT-STS:task_state"].ShouldBe("deleting");
        clock.Advance(TimeSpan.FromSeconds(5));
        (await cloud.Get($"{Servers}/{id}")).ShouldBe(404)["itemNotFound/message"].ShouldBe($"Instance {id} could not be found.");
        (await cloud.Get($"/network/v2.0/ports?device_id={id}")).At("ports")!.AsArray().ShouldBeEmpty();
    }

    [Fact(Timeout = Limit)]
    public async Task A_refused_address_ends_in_ERROR_with_the_reason()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        JsonObject body = Without(await NewServer(cloud, "bad"));
        body["server"]!["networks"]![0]!["fixed_ip"] = "192.0.2.1";
        string id = (await cloud.Post(Servers, body)).ShouldBe(202)["server/id"]!;
        WireAnswer server = await cloud.Get($"{Servers}/{id}");
        server["server/status"].ShouldBe("ERROR");
        server["server/fault/message"]!.ShouldStartWith($"Build of instance {id} aborted:");
    }

    [Fact(Timeout = Limit)]
    public async Task A_malformed_create_is_refused_in_novas_words()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        object good = await NewServer(cloud, "x");
        async Task Refused(JsonObject body, string message) => (await cloud.Post(Servers, body)).ShouldBe(400)["badRequest/message"].ShouldBe(message);
        await Refused(new JsonObject(), "'server' is a required property");
        await Refused(new JsonObject { ["server"] = new JsonObject { ["name"] = "x" } }, "Invalid input for field/attribute server. Value: {'name': 'x'}. 'flavorRef' is a required property");
        await Refused(Without(good, "flavorRef", "nope"), "Flavor nope could not be found.");
        await Refused(Without(good, "imageRef", "00000000-0000-0000-0000-000000000000"), "Can not find requested image");
        await Refused(Without(good, "imageRef"), "Missing imageRef attribute");
        await Refused(Without(good, "availability_zone", "bogus"), "The requested availability zone is not available");
        await Refused(Without(good, "key_name", "nope"), "Invalid key_name provided.");
        await Refused(Without(good, "security_groups", new JsonArray(new JsonObject { ["name"] = "nope" })), "Unable to find security_group with name or id 'nope'");
        await Refused(
            Without(good, "networks", new JsonArray(new JsonObject { ["uuid"] = "00000000-0000-0000-0000-000000000000" })),
            "Network 00000000-0000-0000-0000-000000000000 could not be found.");
        (await cloud.Post(Servers, "no json")).ShouldBe(400)["badRequest/message"].ShouldBe("Malformed request body");
    }

    [Fact(Timeout = Limit)]
    public async Task Actions_change_states_and_are_refused_in_the_wrong_ones()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string id = await NodeId(cloud, "node-1");
        string action = $"{Servers}/{id}/action";
        async Task<string?> Status() => (await cloud.Get($"{Servers}/{id}"))["server/status"];
        (await cloud.Post(action, """{"os-start":null}""")).ShouldBe(409)["conflictingRequest/message"]
            .ShouldBe($"Cannot 'start' instance {id} while it is in vm_state active");
        (await cloud.Post(action, """{"bogus":null}""")).ShouldBe(400)["badRequest/message"].ShouldBe("There is no such action: bogus");
        foreach ((string body, string expected) in ((string, string)[])
                 [("""{"os-stop":null}""", "SHUTOFF"), ("""{"os-start":null}""", "ACTIVE"), ("""{"reboot":{"type":"SOFT"}}""", "ACTIVE"), ("""{"pause":null}""", "PAUSED"),
                     ("""{"unpause":null}""", "ACTIVE"), ("""{"suspend":null}""", "SUSPENDED"), ("""{"resume":null}""", "ACTIVE"),
                     ("""{"resize":{"flavorRef":"4"}}""", "VERIFY_RESIZE"), ("""{"revertResize":null}""", "ACTIVE"), ("""{"shelve":null}""", "SHELVED_OFFLOADED"),
                     ("""{"unshelve":null}""", "ACTIVE"), ("""{"lock":null}""", "ACTIVE")])
        {
            (await cloud.Post(action, body)).ShouldBe(202);
            (await Status()).ShouldBe(expected, body);
        }

        (await cloud.Delete($"{Servers}/{id}")).ShouldBe(409)["conflictingRequest/message"].ShouldBe($"Instance {id} is locked");
        (await cloud.Post(action, """{"os-resetState":{"state":"error"}}""")).ShouldBe(403);
        (await cloud.Post(action, """{"os-resetState":{"state":"error"}}""", "admin")).ShouldBe(202);
        (await Status()).ShouldBe("ERROR");
        WireAnswer log = await cloud.Get($"{Servers}/{id}/os-instance-actions", "demo", "OpenStack-API-Version: compute 2.90");
        log.At("instanceActions")!.AsArray().Select(a => (string)a!["action"]!).Last().ShouldBe("create", "the newest comes first");
    }

    [Fact(Timeout = Limit)]
    public async Task Interfaces_attach_and_detach_and_foreign_ports_survive()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string id = await NodeId(cloud, "node-1");
        string network = (await cloud.Get("/network/v2.0/networks?name=nodes"))["networks/0/id"]!;
        string port = (await cloud.Post("/network/v2.0/ports", new { port = new { network_id = network, name = "mine" } })).ShouldBe(201)["port/id"]!;
        string interfaces = $"{Servers}/{id}/os-interface";
        WireAnswer attached = (await cloud.Post(interfaces, new { interfaceAttachment = new { port_id = port } })).ShouldBe(200);
        attached.At("interfaceAttachment")!.AsObject().Select(p => p.Key).ShouldBe(["net_id", "port_id", "mac_addr", "port_state", "fixed_ips"], ignoreOrder: true);
        string made = (await cloud.Post(interfaces, new { interfaceAttachment = new { net_id = network } })).ShouldBe(200)["interfaceAttachment/port_id"]!;
        (await cloud.Get(interfaces)).At("interfaceAttachments")!.AsArray().Count.ShouldBe(3);
        (await cloud.Get($"{Servers}/{id}")).At("server/addresses/nodes")!.AsArray().Count.ShouldBe(3);
        (await cloud.Delete($"{interfaces}/{port}")).ShouldBe(202);
        (await cloud.Delete($"{interfaces}/{made}")).ShouldBe(202);
        (await cloud.Get($"/network/v2.0/ports/{port}")).ShouldBe(200)["port/device_id"].ShouldBe("");
        (await cloud.Get($"/network/v2.0/ports/{made}")).ShouldBe(404);
        (await cloud.Get($"{interfaces}/{port}")).ShouldBe(404)["itemNotFound/message"].ShouldBe($"Instance {id} does not have a port with id {port}");
    }

    [Fact(Timeout = Limit)]
    public async Task A_floating_ip_shows_beside_the_fixed_one()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string id = await NodeId(cloud, "node-1");
        string external = (await cloud.Get("/network/v2.0/networks?name=public"))["networks/0/id"]!;
        string port = (await cloud.Get($"/network/v2.0/ports?device_id={id}"))["ports/0/id"]!;
        string floating = (await cloud.Post("/network/v2.0/floatingips", new { floatingip = new { floating_network_id = external, port_id = port } })).ShouldBe(201)["floatingip/floating_ip_address"]!;
        JsonArray addresses = (await cloud.Get($"{Servers}/{id}")).At("server/addresses/nodes")!.AsArray();
        addresses.Select(a => ((string)a!["OS-EXT-IPS:type"]!, (string)a["addr"]!)).ShouldContain(("floating", floating));
    }

    [Fact(Timeout = Limit)]
    public async Task Quota_limits_what_is_created()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string project = (await cloud.Get("/identity/v3/auth/projects"))["projects/0/id"]!;
        (await cloud.Send("PUT", $"/compute/v2.1/os-quota-sets/{project}", new { quota_set = new { instances = 3 } }, "admin")).ShouldBe(200);
        (await cloud.Post(Servers, await NewServer(cloud, "fourth"))).ShouldBe(403)["forbidden/message"]
            .ShouldBe("Quota exceeded for instances: Requested 1, but already used 3 of 3 instances");
        (await cloud.Get("/compute/v2.1/limits"))["limits/absolute/totalInstancesUsed"].ShouldBe("3");
        (await cloud.Get("/compute/v2.1/limits", "demo", "OpenStack-API-Version: compute 2.90")).At("limits/absolute/maxTotalFloatingIps").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Anti_affinity_beyond_the_hosts_ends_in_ERROR()
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Nodes = 0, Zones = 1, Controllers = "none" });
        string group = (await cloud.Post("/compute/v2.1/os-server-groups", new { server_group = new { name = "g", policies = new[] { "anti-affinity" } } })).ShouldBe(200)["server_group/id"]!;
        foreach (string expected in (string[])["ACTIVE", "ERROR"])
        {
            JsonObject body = Without(await NewServer(cloud, "s"));
            body["os:scheduler_hints"] = new JsonObject { ["group"] = group };
            string id = (await cloud.Post(Servers, body)).ShouldBe(202)["server/id"]!;
            (await cloud.Get($"{Servers}/{id}"))["server/status"].ShouldBe(expected);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Keys_are_made_fingerprinted_and_deleted()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        const string keys = "/compute/v2.1/os-keypairs";
        WireAnswer made = (await cloud.Post(keys, new { keypair = new { name = "k" } })).ShouldBe(200);
        made["keypair/private_key"]!.ShouldStartWith("-----BEGIN RSA PRIVATE KEY-----");
        made["keypair/fingerprint"]!.ShouldMatch("^([0-9a-f]{2}:){15}[0-9a-f]{2}$");
        (await cloud.Post(keys, new { keypair = new { name = "k" } }, "demo", "OpenStack-API-Version: compute 2.2")).ShouldBe(409)["conflictingRequest/message"]
            .ShouldBe("Key pair 'k' already exists.");
        (await cloud.Post(keys, new { keypair = new { name = "bad", public_key = "bad" } })).ShouldBe(400);
        (await cloud.Delete($"{keys}/k")).ShouldBe(202);
        (await cloud.Get($"{keys}/k")).ShouldBe(404);
    }
}
