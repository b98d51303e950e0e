using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Tags ("standard-attr-tag") and revisions ("revision-if-match").</summary>
public sealed class TagCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task Tags_are_replaced_added_shown_and_removed(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string tags = $"networks/{await scratch.NetworkAsync()}/tags";
        (await cloud.Member.PutAsync(tags, new { tags = new[] { "red", "blue" } })).ShouldBe(200)["tags"].ShouldBe("""["red","blue"]""");
        (await cloud.Member.GetAsync(tags)).ShouldBe(200)["tags"].ShouldBe("""["blue","red"]""");
        (await cloud.Member.PutAsync($"{tags}/green", null)).ShouldBe(201);
        (await cloud.Member.PutAsync($"{tags}/green", null)).ShouldBe(201);
        (await cloud.Member.GetAsync($"{tags}/green")).ShouldBe(204);
        (await cloud.Member.GetAsync($"{tags}/black")).ShouldFail(404, "TagNotFound", "Tag black could not be found.");
        (await cloud.Member.DeleteAsync($"{tags}/red")).ShouldBe(204);
        (await cloud.Member.DeleteAsync($"{tags}/red")).ShouldFail(404, "TagNotFound", "Tag red could not be found.");
        (await cloud.Member.GetAsync(tags))["tags"].ShouldBe("""["blue","green"]""");
        (await cloud.Member.DeleteAsync(tags)).ShouldBe(204);
        (await cloud.Member.GetAsync(tags))["tags"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Every_resource_that_Tenon_tags_takes_tags_and_is_found_by_them(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        string port = await scratch.PortAsync(network);
        string trunk = (await scratch.NewAsync("trunks", "trunk", new { port_id = port, name = scratch.Name }))["trunk/id"]!;
        string group = await scratch.GroupAsync();
        string pool = (await scratch.NewAsync("subnetpools", "subnetpool", new { name = scratch.Name, prefixes = new[] { "10.80.0.0/16" } }))["subnetpool/id"]!;
        string router = await scratch.RouterAsync(cloud.Member, null);
        string floating = (await scratch.NewAsync("floatingips", "floatingip", new { floating_network_id = await cloud.Member.ExternalAsync() }))["floatingip/id"]!;
        foreach ((string path, string id) in new[]
                 {
                     ("networks", network), ("subnets", subnet), ("ports", port), ("trunks", trunk), ("security-groups", group), ("subnetpools", pool),
                     ("routers", router), ("floatingips", floating),
                 })
        {
            (await cloud.Member.PutAsync($"{path}/{id}/tags", new { tags = new[] { scratch.Name, "other" } })).ShouldBe(200);
            string list = path.Replace('-', '_');
            (await cloud.Member.GetAsync($"{path}?tags={scratch.Name}")).Each(list, "id").ShouldBe([id]);
            (await cloud.Member.GetAsync($"{path}?tags-any={scratch.Name},nobody-{scratch.Name}&fields=tags")).At($"{list}/0/tags")!.ToJsonString()
                .ShouldBe($"""["{scratch.Name}","other"]""");
        }
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Tags_are_and_or_not_and_not_or(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string[][] all = [["red", "blue"], ["red"], ["blue"], []];
        for (int i = 0; i < all.Length; i++)
        {
            string id = (await scratch.NewAsync("networks", "network", new { name = scratch.NameOf($"{i}") }))["network/id"]!;
            if (all[i].Length > 0) (await cloud.Member.PutAsync($"networks/{id}/tags", new { tags = all[i] })).ShouldBe(200);
        }

        async Task Finds(string question, string expected)
        {
            string names = string.Concat(Enumerable.Range(0, 4).Select(i => $"name={scratch.NameOf($"{i}")}&"));
            Answer found = await cloud.Member.GetAsync($"networks?{names}{question}&fields=name&sort_key=name&sort_dir=asc");
            string.Concat(found.Each("networks", "name").Select(n => n[^1])).ShouldBe(expected, question);
        }

        await Finds("tags=red", "01");
        await Finds("tags=red,blue", "0");
        await Finds("tags-any=red,blue", "012");
        await Finds("not-tags=red", "23");
        await Finds("not-tags=red,blue", "123");
        await Finds("not-tags-any=red,blue", "3");
        await Finds("tags=red&not-tags=blue", "1");
        await Finds("tags-any=nobody", "");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Bad_tags_are_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string tags = $"networks/{await scratch.NetworkAsync()}/tags";
        (await cloud.Member.PutAsync(tags, new { tags = new[] { new string('x', 255) } })).ShouldBe(200);
        (await cloud.Member.PutAsync(tags, new { tags = new[] { new string('x', 256) } })).ShouldFail(400, "InvalidInput", "exceeds maximum length of 255");
        (await cloud.Member.PutAsync($"{tags}/{new string('x', 256)}", null)).ShouldFail(400, "InvalidInput", "exceeds maximum length of 255");
        (await cloud.Member.PutAsync(tags, new { tags = new[] { "a", "a" } })).ShouldFail(400, "InvalidInput", "Duplicate items in the list: 'a'");
        (await cloud.Member.PutAsync(tags, new { tags = new object[] { 5 } })).ShouldFail(400, "InvalidInput", "'5' is not a valid string");
        (await cloud.Member.PutAsync(tags, new { tags = "a" })).ShouldFail(400, "InvalidInput", "'a' is not a list");
        (await cloud.Member.PutAsync(tags, new { })).ShouldFail(400, "InvalidInput", "Invalid tags body");
        (await cloud.Member.PutAsync($"networks/{Nobody()}/tags", new { tags = new[] { "a" } })).ShouldFail(404, "TagResourceNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Any tag that can be replaced can be added. One with a slash cannot, however the slash is written")]
    public async Task A_tag_with_a_slash_can_be_replaced_and_not_added(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string tags = $"networks/{await scratch.NetworkAsync()}/tags";
        (await cloud.Member.PutAsync($"{tags}/a%2Fb", null)).ShouldFail(404, "HTTPNotFound");
        (await cloud.Member.PutAsync(tags, new { tags = new[] { "a/b" } })).ShouldBe(200);
        (await cloud.Member.GetAsync(tags))["tags"].ShouldBe("""["a/b"]""");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A port is made with the tags that are given. They are accepted and forgotten, for one port and for many")]
    public async Task The_tags_of_a_new_port_are_forgotten(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer one = await scratch.NewAsync("ports", "port", new { network_id = network, tags = new[] { "a" } });
        (await cloud.Member.GetAsync($"ports/{one["port/id"]}"))["port/tags"].ShouldBe("[]");
        Answer many = await scratch.MakeAsync(Service, "/v2.0/ports", new { ports = new[] { new { network_id = network, tags = new[] { "a" } } } });
        (await cloud.Member.GetAsync($"ports/{many["ports/0/id"]}"))["port/tags"].ShouldBe("[]");
        (await cloud.Member.PostAsync("ports", new { port = new { network_id = network, tags = "a" } })).ShouldFail(400, "HTTPBadRequest", "'a' is not a list");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_change_raises_the_revision_and_what_changes_nothing_of_the_tags_does_not(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string path = $"networks/{await scratch.NetworkAsync()}";
        async Task Raises(bool expected, Func<Task<Answer>> call, string what)
        {
            int before = await Revision(cloud.Member, path);
            (await call()).Status.ShouldBeInRange(200, 204, what);
            int after = await Revision(cloud.Member, path);
            (after > before).ShouldBe(expected, what);
        }

        await Raises(true, () => cloud.Member.PutAsync($"{path}/tags", new { tags = new[] { "red" } }), "other tags");
        await Raises(false, () => cloud.Member.PutAsync($"{path}/tags", new { tags = new[] { "red" } }), "the same tags");
        await Raises(false, () => cloud.Member.PutAsync($"{path}/tags/red", null), "a tag that is there");
        await Raises(true, () => cloud.Member.PutAsync($"{path}/tags/blue", null), "one more tag");
        await Raises(true, () => cloud.Member.DeleteAsync($"{path}/tags/blue"), "one tag less");
        await Raises(true, () => cloud.Member.DeleteAsync($"{path}/tags"), "no tags");
        await Raises(false, () => cloud.Member.DeleteAsync($"{path}/tags"), "none again");
        await Raises(true, () => cloud.Member.PutAsync(path, new { network = new { name = scratch.NameOf("new") } }), "a new name");
        await Raises(false, () => cloud.Member.PutAsync(path, new { network = new { } }), "nothing");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_update_and_a_delete_at_another_revision_are_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string path = $"networks/{await scratch.NetworkAsync()}";
        int revision = await Revision(cloud.Member, path);
        (await cloud.Member.PutAtAsync(path, new { network = new { name = "x" } }, $"{revision + 5}"))
            .ShouldFail(412, "RevisionNumberConstraintFailed", $"Constrained to {revision + 5}, but current revision is {revision}");
        (await cloud.Member.DeleteAsync(Service, "/v2.0/" + path, $"If-Match: revision_number={revision + 5}")).ShouldFail(412, "RevisionNumberConstraintFailed");
        (await cloud.Member.PutAtAsync(path, new { network = new { name = "x" } }, $"{revision}")).ShouldBe(200)["network/revision_number"].ShouldBe($"{revision + 1}");
        (await cloud.Member.PutAtAsync(path, new { network = new { name = "x" } }, "x"))
            .ShouldFail(400, "BadRequest", "Revision number etag must be in the format of revision_number=<int>");
        (await cloud.Member.DeleteAsync(Service, "/v2.0/" + path, $"If-Match: revision_number={revision + 1}")).ShouldBe(204);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Times_of_creation_and_change_are_in_whole_seconds_and_UTC(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("networks", "network", new { name = scratch.Name });
        made["network/created_at"]!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        made["network/updated_at"]!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
    }

    private static async Task<int> Revision(Wire wire, string path)
    {
        return int.Parse((await wire.GetAsync($"{path}?fields=revision_number")).ShouldBe(200)["network/revision_number"]!);
    }
}
