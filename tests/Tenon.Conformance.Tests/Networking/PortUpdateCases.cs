using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Ports: changes, address pairs, port security, deletes.</summary>
public sealed class PortUpdateCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task The_addresses_of_a_port_are_replaced_as_a_whole(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        string port = await scratch.PortAsync(network, "10.70.0.20");
        async Task<string[]> Put(params object[] fixedIps)
            => [.. (await cloud.Member.PutAsync($"ports/{port}", new { port = new { fixed_ips = fixedIps } })).ShouldBe(200).Texts("port/fixed_ips", "ip_address").Order(StringComparer.Ordinal)];

        (await Put(new { subnet_id = subnet })).ShouldBe(["10.70.0.20"], "the subnet alone keeps the address");
        (await Put(new { ip_address = "10.70.0.21" })).ShouldBe(["10.70.0.21"]);
        (await Put(new { ip_address = "10.70.0.21" }, new { ip_address = "10.70.0.22" })).ShouldBe(["10.70.0.21", "10.70.0.22"]);
        (await Put()).ShouldBeEmpty();
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { fixed_ips = new[] { new { ip_address = "10.9.0.22" } } } })).ShouldFail(400, "InvalidIpForNetwork");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Address_pairs_are_kept_as_given_with_the_port_s_MAC_address_where_none_is(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer made = await scratch.NewAsync("ports", "port", new
        {
            network_id = network, allowed_address_pairs = new object[] { new { ip_address = "10.0.0.9" }, new { ip_address = "10.1.0.0/24", mac_address = "aa:bb:cc:dd:ee:ff" } },
        });
        made.List("port/allowed_address_pairs").Select(p => (p["ip_address"]!.ToString(), p["mac_address"]!.ToString())).ShouldBe(
            [("10.0.0.9", made["port/mac_address"]!), ("10.1.0.0/24", "aa:bb:cc:dd:ee:ff")], ignoreOrder: true);
        Answer none = await cloud.Member.PutAsync($"ports/{made["port/id"]}", new { port = new { allowed_address_pairs = Array.Empty<object>() } });
        none.ShouldBe(200)["port/allowed_address_pairs"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Bad_address_pairs_are_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        async Task Fails(string type, params object[] pairs)
            => (await cloud.Member.PostAsync("ports", new { port = new { network_id = network, allowed_address_pairs = pairs } })).ShouldFail(400, type);

        await Fails("HTTPBadRequest", new { ip_address = "x" });
        await Fails("AllowedAddressPairsMissingIP", new { mac_address = "aa:bb:cc:dd:ee:ff" });
        await Fails("DuplicateAddressPairInRequest", new { ip_address = "10.0.0.9" }, new { ip_address = "10.0.0.9" });
        await Fails("HTTPBadRequest", new { ip_address = "10.0.0.9", foo = 1 });
        await Fails("HTTPBadRequest", new { ip_address = "10.0.0.9", mac_address = "x" });
        await Fails("HTTPBadRequest", "x");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Without_port_security_there_are_neither_groups_nor_address_pairs(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync(), group = await scratch.GroupAsync();
        Answer made = await scratch.NewAsync("ports", "port", new { network_id = network, port_security_enabled = false });
        made["port/security_groups"].ShouldBe("[]");
        string path = $"ports/{made["port/id"]}";
        (await cloud.Member.PutAsync(path, new { port = new { security_groups = new[] { group } } })).ShouldFail(400, "PortSecurityAndIPRequiredForSecurityGroups");
        (await cloud.Member.PutAsync(path, new { port = new { allowed_address_pairs = new[] { new { ip_address = "1.1.1.1" } } } })).ShouldFail(409, "AddressPairAndPortSecurityRequired");
        (await cloud.Member.PostAsync("ports", new { port = new { network_id = network, port_security_enabled = false, security_groups = new[] { group } } }))
            .ShouldFail(400, "PortSecurityAndIPRequiredForSecurityGroups");
        (await cloud.Member.PutAsync(path, new { port = new { port_security_enabled = true, security_groups = new[] { group } } })).ShouldBe(200)["port/security_groups"].ShouldBe($"""["{group}"]""");
        (await cloud.Member.PutAsync(path, new { port = new { port_security_enabled = false } })).ShouldFail(409, "PortSecurityPortHasSecurityGroup");
        (await cloud.Member.PutAsync(path, new { port = new { port_security_enabled = false, security_groups = Array.Empty<string>() } })).ShouldBe(200);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Groups_are_replaced_as_a_whole_and_must_be_the_project_s(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string port = await scratch.PortAsync(await scratch.NetworkAsync()), a = await scratch.GroupAsync("a"), b = await scratch.GroupAsync("b");
        async Task<string[]> Put(params string[] groups)
            => [.. (await cloud.Member.PutAsync($"ports/{port}", new { port = new { security_groups = groups } })).ShouldBe(200).At("port/security_groups")!.AsArray().Select(g => g!.ToString()).Order(StringComparer.Ordinal)];

        (await Put(a, b)).ShouldBe([.. new[] { a, b }.Order(StringComparer.Ordinal)]);
        (await Put(b)).ShouldBe([b]);
        (await Put()).ShouldBeEmpty();
        string foreign = (await scratch.NewAsync("security-groups", "security_group", new { name = scratch.Name }, admin: true))["security_group/id"]!;
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { security_groups = new[] { foreign } } })).ShouldFail(404, "SecurityGroupNotFound");
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { security_groups = new[] { a, a } } })).ShouldFail(400, "HTTPBadRequest", $"Duplicate items in the list: '{a}'");
        (await cloud.Member.GetAsync($"ports?security_groups={a}")).List("ports").ShouldBeEmpty();
        await Put(a);
        (await cloud.Member.GetAsync($"ports?security_groups={a}&security_groups={b}")).Each("ports", "id").ShouldBe([port]);
        await Put();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_device_and_its_owner_are_whatever_the_project_says(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string port = await scratch.PortAsync(await scratch.NetworkAsync());
        Answer put = await cloud.Member.PutAsync($"ports/{port}", new { port = new { device_id = "pod", device_owner = "tenon:pod", name = "n", description = "d", admin_state_up = false } });
        put.ShouldBe(200)["port/device_owner"].ShouldBe("tenon:pod");
        put["port/device_id"].ShouldBe("pod");
        put["port/description"].ShouldBe("d");
        put["port/admin_state_up"].ShouldBe("false");
        put["port/status"].ShouldBe("DOWN");
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { device_id = "", device_owner = "" } })).ShouldBe(200)["port/device_owner"].ShouldBe("");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Who owns a port may change its MAC address, as he may choose it. Only the administrator may")]
    public async Task The_MAC_address_is_chosen_once(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("ports", "port", new { network_id = await scratch.NetworkAsync(), mac_address = "fa:16:3e:00:00:98" });
        made["port/mac_address"].ShouldBe("fa:16:3e:00:00:98");
        string path = $"ports/{made["port/id"]}";
        (await cloud.Member.PutAsync(path, new { port = new { mac_address = "fa:16:3e:00:00:99" } })).ShouldFail(403, "PolicyNotAuthorized", "update_port:mac_address");
        (await cloud.Admin.PutAsync(path, new { port = new { mac_address = "fa:16:3e:00:00:99" } })).ShouldBe(200)["port/mac_address"].ShouldBe("fa:16:3e:00:00:99");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_a_port_is_made_with_cannot_change(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync(), port = await scratch.PortAsync(network);
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { network_id = network } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute network_id");
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { status = "ACTIVE" } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute status");
        (await cloud.Member.PutAsync($"ports/{port}", new { port = new { tags = new[] { "a" } } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute tags");
        (await cloud.Member.PutAsync($"ports/{Nobody()}", new { port = new { name = "a" } })).ShouldFail(404, "PortNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_port_is_changed_at_the_revision_that_is_expected(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string path = $"ports/{await scratch.PortAsync(await scratch.NetworkAsync())}";
        Answer changed = (await cloud.Member.PutAsync(path, new { port = new { name = "a" } })).ShouldBe(200);
        (await cloud.Member.PutAtAsync(path, new { port = new { name = "b" } }, "0")).ShouldFail(412, "RevisionNumberConstraintFailed", "Constrained to 0, but current revision is");
        changed = await cloud.Member.GetAsync(path);
        (await cloud.Member.PutAtAsync(path, new { port = new { name = "b" } }, changed["port/revision_number"])).ShouldBe(200)["port/name"].ShouldBe("b");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_port_of_another_project_on_one_s_own_network_is_one_s_to_see_and_to_delete(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        string port = (await scratch.NewAsync("ports", "port", new { network_id = network }, admin: true))["port/id"]!;
        (await cloud.Member.GetAsync($"ports/{port}")).ShouldBe(200)["port/project_id"].ShouldBe(cloud.Admin.ProjectId);
        (await cloud.Member.DeleteAsync($"ports/{port}")).ShouldBe(204);
        (await cloud.Member.GetAsync($"ports/{port}")).ShouldFail(404, "PortNotFound");
    }
}
