using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>What POST /servers refuses at once, and what it takes and fails at later.</summary>
[Collection(nameof(ServersCollection))]
public sealed class CreateCases(ComputeWorlds worlds)
{
    private static async Task RefusedAsync(ComputeWorld world, object? change, string message, string version = "2.69")
    {
        Answer answer = await world.Wire.PostAsync("compute", "/servers", world.Recipe.Server("x", change), Nova.V(version));
        if (answer.Status == 202) world.Scratch.Forget(world.Wire, "compute", $"/servers/{answer["server/id"]}");
        answer.ShouldBe(400)["badRequest/message"].ShouldBe(message);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task What_a_server_must_have_is_asked_for(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        (await world.Wire.PostAsync("compute", "/servers", new { }, Nova.V("2.69"))).ShouldRefuse(400, "badRequest", "'server' is a required property");
        (await world.Wire.PostAsync("compute", "/servers", new { server = new { name = "x", networks = "none" } }, Nova.V("2.69")))
            .ShouldRefuse(400, "badRequest", "Invalid input for field/attribute server. Value: {'name': 'x', 'networks': 'none'}. 'flavorRef' is a required property");
        (await world.Wire.PostAsync("compute", "/servers", new { server = new { name = "x", flavorRef = "y" } }, Nova.V("2.69")))
            .ShouldRefuse(400, "badRequest", "Invalid input for field/attribute server. Value: {'name': 'x', 'flavorRef': 'y'}. 'networks' is a required property");
        (await world.Wire.PostAsync("compute", "/servers", "{nonsense", Nova.V("2.69"))).ShouldRefuse(400, "badRequest", "Malformed request body");
        (await world.Wire.PostAsync("compute", "/servers", new { server = new { name = "x", flavorRef = world.Recipe.Flavor, networks = "none" } }, Nova.V("2.69")))
            .ShouldRefuse(400, "badRequest", "Missing imageRef attribute");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task What_is_named_must_exist(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await RefusedAsync(world, new { flavorRef = "nope" }, "Flavor nope could not be found.");
        await RefusedAsync(world, new { imageRef = Nova.Nobody }, "Can not find requested image");
        await RefusedAsync(world, new { imageRef = "nope" }, "Invalid input for field/attribute imageRef. Value: nope. 'nope' is not valid under any of the given schemas");
        await RefusedAsync(world, new { networks = new[] { new { uuid = Nova.Nobody } } }, $"Network {Nova.Nobody} could not be found.");
        await RefusedAsync(world, new { networks = new[] { new { port = Nova.Nobody } } }, $"Port id {Nova.Nobody} could not be found.");
        await RefusedAsync(world, new { availability_zone = "nowhere" }, "The requested availability zone is not available");
        await RefusedAsync(world, new { key_name = "nope" }, "Invalid key_name provided.");
        await RefusedAsync(world, new { security_groups = new[] { new { name = "nope" } } }, "Unable to find security_group with name or id 'nope'");
        JsonObject grouped = world.Recipe.Server("x");
        grouped["os:scheduler_hints"] = new JsonObject { ["group"] = Nova.Nobody };
        (await world.Wire.PostAsync("compute", "/servers", grouped, Nova.V("2.69"))).ShouldRefuse(400, "badRequest", $"Instance group {Nova.Nobody} could not be found.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Malformed_members_are_named_with_their_value(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await RefusedAsync(world, new { networks = "foo" }, "Invalid input for field/attribute networks. Value: foo. 'foo' is not valid under any of the given schemas");
        await RefusedAsync(world, new { networks = new[] { new { uuid = "x" } } }, "Bad networks format: network uuid is not in proper format (x)", "2.1");
        await RefusedAsync(world, new { metadata = new { a = 1 } }, "Invalid input for field/attribute a. Value: 1. 1 is not of type 'string'");
        await RefusedAsync(world, new { tags = new[] { "a,b" } }, "Invalid input for field/attribute 0. Value: a,b. 'a,b' does not match '^[^,/]*$'");
        await RefusedAsync(world, new { accessIPv4 = "x" }, "Invalid input for field/attribute accessIPv4. Value: x. 'x' is not a 'ipv4'");
        await RefusedAsync(world, new { min_count = 2, max_count = 1 }, "min_count must be <= max_count");
        Answer longName = await world.Wire.PostAsync("compute", "/servers", world.Recipe.Server(new string('x', 256)), Nova.V("2.69"));
        longName.ShouldBe(400)["badRequest/message"]!.ShouldEndWith("is too long");
    }

    [Theory(Timeout = 120_000), Sides, Believed("Nova ignores members that a microversion does not know.")]
    public async Task Members_that_a_microversion_does_not_know_are_refused(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        foreach ((string version, string member, object value) in ((string, string, object)[])[("2.69", "colour", "red"), ("2.51", "tags", new[] { "a" }), ("2.89", "hostname", "a")])
        {
            JsonObject body = world.Recipe.Server("x");
            body["server"]![member] = System.Text.Json.JsonSerializer.SerializeToNode(value);
            Answer answer = await world.Wire.PostAsync("compute", "/servers", body, Nova.V(version));
            answer.ShouldBe(400)["badRequest/message"]!.ShouldEndWith($"Additional properties are not allowed ('{member}' was unexpected)");
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Only_an_administrator_names_a_host(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        JsonObject body = world.Recipe.Server("x", new { availability_zone = $"{world.Recipe.Zones[0]}:somehost" });
        (await world.Wire.PostAsync("compute", "/servers", body, Nova.V("2.69")))
            .ShouldRefuse(403, "forbidden", "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_port_in_use_and_a_network_without_a_subnet_are_refused(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        string network = (await scratch.MakeAsync(world.Wire, "network", "/v2.0/networks", new { network = new { name = scratch.Name } }))["network/id"]!;
        await RefusedAsync(world, new { networks = new[] { new { uuid = network } } }, $"Network {network} requires a subnet in order to boot instances on.");
        string port = (await world.Wire.GetAsync("network", $"/v2.0/ports?device_id={world.Ids[0]}"))["ports/0/id"]!;
        (await world.Wire.PostAsync("compute", "/servers", world.Recipe.Server("x", new { networks = new[] { new { port } } }), Nova.V("2.69")))
            .ShouldRefuse(409, "conflictingRequest", $"Port {port} is still in use.");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A member's server on an external network is refused at once, with 403.")]
    public async Task A_members_server_on_an_external_network_is_taken_and_ends_in_ERROR(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        string external = (await wire.GetAsync("network", "/v2.0/networks?router:external=true")).ShouldBe(200)["networks/0/id"]!;
        Answer made = await scratch.MakeAsync(wire, "compute", "/servers", world.Recipe.Server(scratch.Name, new { networks = new[] { new { uuid = external } } }), Nova.V("2.69"));
        string id = made.ShouldBe(202)["server/id"]!;
        Answer failed = await Faults.FailsAsync(wire, id);
        failed["server/fault/message"].ShouldBe($"Build of instance {id} aborted: Failed to allocate the network(s), not rescheduling.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task An_address_that_is_not_the_networks_is_taken_and_ends_in_ERROR(string side)
    {
        ComputeWorld world = await worlds.GetAsync(side);
        await using Scratch scratch = world.Cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        string network = (await scratch.MakeAsync(wire, "network", "/v2.0/networks", new { network = new { name = scratch.Name } }))["network/id"]!;
        await scratch.MakeAsync(wire, "network", "/v2.0/subnets", new { subnet = new { network_id = network, ip_version = 4, cidr = "10.78.0.0/24" } });
        object body = world.Recipe.Server(scratch.Name, new { networks = new[] { new { uuid = network, fixed_ip = "192.0.2.1" } } });
        string id = (await scratch.MakeAsync(wire, "compute", "/servers", body, Nova.V("2.69"))).ShouldBe(202)["server/id"]!;
        Answer failed = await Faults.FailsAsync(wire, id);
        failed["server/fault/message"].ShouldBe($"Build of instance {id} aborted: Invalid input received: Fixed IP 192.0.2.1 is not a valid ip address for network {network}.");
    }
}
